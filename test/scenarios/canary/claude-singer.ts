/** The stand-in for the program `claude`, with the canary in every frame that it sends of its own. What asks and answers the SDK stays as it is. */
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { sung } from './spoken.ts';

const script = join(import.meta.dirname, '../../support/claude-child.ts');
const child = spawn(process.execPath, [script, ...process.argv.slice(2)], { stdio: ['pipe', 'pipe', 'inherit'] });
process.stdin.pipe(child.stdin);
createInterface({ input: child.stdout }).on('line', (line) => {
  const { type } = JSON.parse(line) as { type: string };
  process.stdout.write(`${type.startsWith('control_') ? line : sung(line, process.env['CANARY_LIES'] === '1')}\n`);
});
child.on('close', (code) => (process.exitCode = code ?? 1));
