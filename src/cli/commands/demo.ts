/** `hindcast demo`: a real agent on the real SDKs, recorded for real, against a stand-in server in this process. Needs no key and no network. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Command } from 'commander';
import { newSpanId } from '../../core/ids.ts';
import { listRecordings } from '../../recording/recording.ts';
import { registerOptions } from '../../replay/register-options.ts';
import { startStandIn, type StandIn } from '../../testing/stand-in.ts';
import { demoAnswers } from '../demo/answers.ts';
import { CliFailure } from '../failure.ts';
import { NODE_MIN_TEXT, nodeRecords } from '../node-version.ts';
import { openRecording, projectAt, recordingsAt } from '../project.ts';
import { does, newVerb, type Call } from '../verb.ts';
import { showSession } from '../show-session.ts';

const SDKS = ['openai', '@anthropic-ai/sdk'];

export function verb(): Command {
  const command = newVerb({
    name: 'demo',
    summary: 'record a real agent against a local stand-in server',
    description:
      'Runs an agent on the real openai and @anthropic-ai/sdk packages, against a server in this process that answers in their ' +
      'wire formats: a loop over tools, a rate limit, a tool that fails, a decision, a second agent, a stream. Then shows what was ' +
      'recorded. Needs no key and no network.',
    examples: [
      ['demo', 'run it, and keep the recording in this project'],
      ['demo --dir /tmp/try', 'keep the recording elsewhere'],
    ],
  });
  return does(command, run);
}

async function run({ options, terminal }: Call<object>): Promise<number> {
  if (!nodeRecords()) {
    throw new CliFailure(`The demo records, and this Node (${process.version}) is too old for that.`, {
      hint: `Use Node ${NODE_MIN_TEXT} or newer. In a clone of the repository, npm run demo brings one.`,
    });
  }
  const lookup = whereSdksAre();
  const dir = projectAt(options.dir);
  const known = new Set(listRecordings(recordingsAt(options.dir)).map(({ id }) => id));
  if (!terminal.json) {
    terminal.print(terminal.paint('bold', 'An agent answers a customer whose parcel is late'));
    terminal.print(terminal.paint('dim', `${agentFile()}\n`));
  }
  const server = await startStandIn(demoAnswers());
  let code: number;
  try {
    code = await runAgent(server, { dir, lookup, json: terminal.json });
  } finally {
    await server.close();
  }
  const recorded = listRecordings(recordingsAt(dir)).find(({ id }) => !known.has(id));
  if (code !== 0)
    throw new CliFailure(`The demo agent ended with exit code ${code}.`, {
      hint: recorded && `See where: hindcast show ${recorded.id}`,
    });
  if (!recorded)
    throw new CliFailure(`The demo agent left no recording in ${dir}.`, { hint: 'hindcast doctor looks for the reason.' });
  if (!terminal.json) terminal.print();
  showSession(openRecording(recorded.path), terminal);
  if (!terminal.json) {
    terminal.print(`\n${terminal.paint('bold', 'Try next')}`);
    for (const line of nextCommands(options.dir === undefined ? '' : ` --dir ${options.dir}`)) terminal.print(`  ${line}`);
  }
  return 0;
}

function nextCommands(where: string): string[] {
  const commands: [string, string][] = [
    [`show last 4${where}`, 'the call that was retried: request, answer, headers of both attempts'],
    [`replay last${where}`, 'the same run again from its recording: nothing is sent'],
    [`ls${where}`, 'every session of this project'],
    ['run -- node agent.js', 'record a program of yours, unchanged'],
    ['doctor', 'what would be recorded here'],
  ];
  const width = Math.max(...commands.map(([line]) => line.length));
  return commands.map(([line, meaning]) => `npx hindcast ${line.padEnd(width)}  ${meaning}`);
}

/** `package`: hindcast can load the SDKs itself. `folder`: they are in the working directory only. */
function whereSdksAre(): 'package' | 'folder' {
  if (SDKS.every((name) => canLoad(name, import.meta.url))) return 'package';
  const missing = SDKS.filter((name) => !canLoad(name, join(process.cwd(), 'package.json')));
  if (missing.length === 0) return 'folder';
  throw new CliFailure(`The demo runs on the real SDKs, and ${missing.join(' and ')} cannot be found from here.`, {
    hint: `npm i ${missing.join(' ')}    and then again: hindcast demo`,
  });
}

function canLoad(name: string, from: string): boolean {
  try {
    createRequire(from).resolve(name);
    return true;
  } catch {
    return false;
  }
}

/** From the sources they are .ts, in the package .js: as we are ourselves. */
const extension = import.meta.url.slice(-3);
const agentFile = (): string => fileURLToPath(new URL(`../demo/agent${extension}`, import.meta.url));

/** Runs the agent as any program would be run, and returns its exit code. Its answer goes to stdout as it comes. */
async function runAgent(server: StandIn, how: { dir: string; lookup: 'package' | 'folder'; json: boolean }): Promise<number> {
  const preload = how.lookup === 'folder' ? ['--import', new URL(`../demo/sdk-lookup${extension}`, import.meta.url).href] : [];
  // A key for the stand-in, made up on the spot: the SDKs want one, and no key of the user's should be sent anywhere.
  const key = `demo-${newSpanId()}`;
  const env = {
    ...process.env,
    OPENAI_API_KEY: key,
    OPENAI_BASE_URL: `${server.url}/v1`,
    ANTHROPIC_API_KEY: key,
    ANTHROPIC_BASE_URL: server.url,
    HINDCAST_DIR: how.dir,
    HINDCAST_RECORD: 'full',
    HINDCAST_ENABLED: 'true',
    HINDCAST_QUIET: 'true',
    // As `hindcast run` does, so that it can be replayed.
    HINDCAST_REPLAYABLE: 'on',
    NODE_OPTIONS: registerOptions(),
  };
  const child = spawn(process.execPath, [...preload, agentFile()], {
    env,
    stdio: ['ignore', how.json ? 'ignore' : 'inherit', 'inherit'],
  });
  const [code] = (await once(child, 'exit')) as [number | null];
  return code ?? 1;
}
