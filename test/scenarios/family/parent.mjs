// A process that starts three agents, each in another way, one of them in a tool; one of them starts a fourth.
import { execFile, fork, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { init, recordTool } from 'hindcast';

const WORKER = join(import.meta.dirname, 'worker.mjs');
init({ agent: { id: 'parent' } });

const finished = async (child) => {
  let text = '';
  child.stdout.setEncoding('utf8').on('data', (piece) => (text += piece));
  const [code] = await once(child, 'close');
  return `${code} ${text}`;
};
const delegate = recordTool('delegate', async (name) => (await promisify(execFile)(process.execPath, [WORKER, name])).stdout);

const answers = await Promise.all([
  finished(spawn(process.execPath, [WORKER, 'spawned'])),
  finished(fork(WORKER, ['forked', 'deeper'], { silent: true })),
  delegate('in-a-tool'),
]);
process.stdout.write(answers.join(''));
process.exitCode = 7;
