/** `hindcast fork`: runs the program of a session again up to one of its events from the recording, and from there with something that is another. */
import { dirname } from 'node:path';
import { Option, type Command } from 'commander';
import { CliFailure } from '../failure.ts';
import { editOfFlags, givenEdits } from '../fork/fork-flags.ts';
import type { EditFlags } from '../fork/fork-flags.ts';
import { forkableAt, forkPlanOf, missingKeys, pointOf } from '../fork/fork-order.ts';
import type { Forkable } from '../fork/fork-order.ts';
import { forkJson, forkSummary } from '../fork/fork-summary.ts';
import { eventWordsOf } from '../fork/fork-words.ts';
import type { ForkPoint } from '../fork/fork-point.ts';
import { runFork } from '../fork/run-fork.ts';
import { readOverrides, writeOverrides } from '../overrides/overrides-file.ts';
import { overridesFaults } from '../overrides/overrides.ts';
import type { Overrides } from '../overrides/overrides.ts';
import { isObject } from '../overrides/shape.ts';
import { recordingAt } from '../project.ts';
import { idOf } from '../session-words.ts';
import type { Terminal } from '../terminal.ts';
import { does, newVerb, type Call, type CommonOptions } from '../verb.ts';

interface ForkOptions extends EditFlags, CommonOptions {
  at?: string;
  edits?: string;
  writeEdits?: string;
  force?: boolean;
  after?: 'branch' | 'live';
  allow?: string[];
}

export function verb(): Command {
  const command = newVerb({
    name: 'fork',
    summary: 'run a session again with something else at one of its events',
    description:
      'Starts the program of a session as it was started. What it asks before the event comes from the recording and costs nothing; from the event on, what ' +
      'is edited is another, and what the program asks otherwise than it did is really asked. What it records is a session of its own, which can be replayed ' +
      "and forked. Exits with the program's exit code; with 86 when it left the recording before the event, with 87 when it stopped at a side effect. " +
      'Without an edit only the code may be another. Needs a session that `hindcast run` recorded.',
    examples: [
      ['fork last --at 7 --model gpt-5', 'ask another model at event 7 of `hindcast show`'],
      ["fork last --at 7 --replace 'polite=>terse'", 'with another word in its prompt'],
      ['fork last --at 7 --text "It is sold out."', 'as if the model had said this'],
      ['fork last --at 8 --result \'{"stock":0}\'', 'as if the tool had returned this'],
      ['fork last --at 7 --resample', 'ask the same again'],
      ['fork last --at 7', 'after a change of the code from there on'],
      ['fork last --at 7 --write-edits edits.json', 'write what is there into a file, to edit it'],
      ['fork --edits edits.json', 'and fork with what was edited'],
    ],
  })
    .argument('[session]', 'id, the beginning of one, a path, or "last"; of the file with --edits')
    .argument('[command...]', 'after --: another command line than the recorded one')
    .option('--at <event>', 'where to fork: the number in `hindcast show`, or the id of an event')
    .option('--model <name>', 'the model that is asked')
    .option(
      '--set <pointer=json>',
      'sets a member of the request, as /temperature=0; null takes it away; may be repeated',
      gather,
    )
    .option('--replace <find=>with>', 'replaces words in the texts of the request; may be repeated', gather)
    .option('--onward', 'changes the request of every later model call so as well (default: of this one alone)')
    .option('--resample', 'asks the model again, with nothing else')
    .option('--text <text>', 'what the model is made to have said')
    .option('--completion <file>', 'the same with tool calls: JSON with text, toolCalls, finishReason')
    .option('--result <json>', 'what the tool is made to have returned')
    .option('--edits <file>', 'all of this from an overrides file')
    .option('--write-edits <file>', 'writes an overrides file with what is at the event, and runs nothing')
    .option('--force', 'with --write-edits: replaces a file that is there')
    .addOption(
      new Option(
        '--after <what>',
        'after the event: "branch" (the default) answers what still asks as it did from the recording, "live" asks all of this session anew',
      )
        .choices(['branch', 'live'])
        .default(undefined, 'branch'),
    )
    .option(
      '--allow <name>',
      'what may have effects after the event: the name of a tool, a host, "child", "worker", "udp" or "fs", "*" for all; may be repeated',
      gather,
    );
  return does(command, run);
}

function gather(value: string, before: string[] | undefined): string[] {
  return [...(before ?? []), value];
}

async function run({ args, options, terminal }: Call<ForkOptions>): Promise<number> {
  const { session, command } = splitArgs(args);
  if (options.force === true && options.writeEdits === undefined)
    throw new CliFailure('--force replaces the file of --write-edits, and that is not given', {
      hint: 'Nothing was run.',
      exitCode: 2,
    });
  if (options.writeEdits !== undefined) return writeEdits(session, options, terminal);
  const { forkable, overrides } = ordered(session, options);
  const plan = forkPlanOf(forkable, overrides);
  for (const name of missingKeys(forkable.recording, process.env))
    terminal.remark(`! ${name} is not set, and no recording holds it: what is asked after the fork may be refused`);
  const { json } = terminal;
  const outcome = await runFork({
    ...forkable,
    fork: plan,
    command,
    folder: dirname(dirname(forkable.path)),
    stdio: ['inherit', json ? 'ignore' : 'inherit', 'inherit'],
  });
  if (json) terminal.printJson(forkJson(forkable, plan, outcome));
  else for (const line of forkSummary(forkable, plan, outcome, eventWordsOf(forkable.path))) terminal.remark(line);
  return outcome.exitCode;
}

/** What stands behind `--` is a command line, and no session. */
function splitArgs(args: string[]): { session: string | undefined; command: string[] } {
  const behind = process.argv.indexOf('--');
  const count = behind === -1 ? 0 : process.argv.length - behind - 1;
  const own = args.slice(0, args.length - count);
  if (own.length > 1)
    throw new CliFailure(`"${own[1]}" is one too many`, {
      hint: 'Another command line stands behind --: hindcast fork last --at 7 -- node other.js',
      exitCode: 2,
    });
  return { session: own[0], command: args.slice(own.length) };
}

/** The recording and what is to be another in it, by the flags or by a file. */
function ordered(session: string | undefined, options: ForkOptions): { forkable: Forkable; overrides: Overrides } {
  if (options.edits === undefined) {
    const forkable = forkableAt(recordingAt(options.dir, session ?? 'last'));
    return { forkable, overrides: overridesOfFlags(forkable, options) };
  }
  const [flag] = [...givenEdits(options), ...(options.at === undefined ? [] : ['--at'])];
  if (flag !== undefined)
    throw new CliFailure(`${flag} and --edits cannot both be given`, { hint: 'Put it into the file.', exitCode: 2 });
  const overrides = readOverrides(options.edits);
  const path = session === undefined ? pathFor(options.edits, overrides, options) : recordingAt(options.dir, session);
  if (idOf(path) !== overrides.session)
    throw new CliFailure(`${options.edits} is for ${overrides.session}, and not for ${idOf(path)}`, {
      hint: 'Nothing was run.',
      exitCode: 2,
    });
  const { after = overrides.after, allow = [] } = options;
  return {
    forkable: forkableAt(path),
    overrides: { ...overrides, ...(after && { after }), allow: [...(overrides.allow ?? []), ...allow] },
  };
}

/** The recording that a file is for. */
function pathFor(file: string, { session }: Overrides, { dir }: ForkOptions): string {
  try {
    return recordingAt(dir, session);
  } catch (error) {
    if (!(error instanceof CliFailure)) throw error;
    throw new CliFailure(`${file} is for ${session}, which is not here: ${error.message}`, { exitCode: 2, cause: error });
  }
}

function overridesOfFlags(forkable: Forkable, options: ForkOptions): Overrides {
  const point = pointAt(forkable, options);
  const { after, allow, model } = options;
  if (model === '') throw new CliFailure('--model needs the name of a model', { hint: 'Nothing was run.', exitCode: 2 });
  if (model !== undefined && isObject(point.asked) && !Object.hasOwn(point.asked, 'model'))
    throw new CliFailure(
      `--model: the request of ${point.words} has no model in its body, as its URL names it: it cannot be another`,
      {
        hint: 'Change it in the code, and fork without --model.',
        exitCode: 2,
      },
    );
  const overrides: Overrides = {
    version: 1,
    session: forkable.id,
    at: point.id,
    edits: [editOfFlags(point.id, options)],
    ...(after && { after }),
    ...(allow && { allow }),
  };
  const faults = overridesFaults(overrides).map(({ text }) => `what is edited ${text}`);
  if (faults.length > 0) throw new CliFailure(faults.join('\n  '), { hint: 'Nothing was run.', exitCode: 2 });
  return overrides;
}

function pointAt(forkable: Forkable, { at }: ForkOptions): ForkPoint {
  if (at === undefined || at === '')
    throw new CliFailure('--at is missing: where to fork', {
      hint: `hindcast show ${forkable.id} numbers the events.`,
      exitCode: 2,
    });
  return pointOf(forkable, at);
}

/** Writes what is at the event, as it is, with the edits that the flags say beside it. */
function writeEdits(session: string | undefined, options: ForkOptions, terminal: Terminal): number {
  const { writeEdits: file = '', force = false, after = 'branch', allow = [] } = options;
  const [flag] = [...givenEdits(options), ...(options.edits === undefined ? [] : ['--edits'])];
  if (flag !== undefined)
    throw new CliFailure(`${flag} and --write-edits cannot both be given`, {
      hint: 'Write the file, and edit it there.',
      exitCode: 2,
    });
  const forkable = forkableAt(recordingAt(options.dir, session ?? 'last'));
  const { id, words, event, request, completion } = pointAt(forkable, options);
  const result = event?.type === 'tool' ? (event.content?.result ?? null) : undefined;
  const edit = {
    event: id,
    name: words,
    ...(request !== undefined && { request, onward: false }),
    ...(completion && { completion }),
    ...(result !== undefined && { result }),
  };
  writeOverrides(file, { version: 1, session: forkable.id, at: id, after, allow, edits: [edit] }, force);
  terminal.remark(`✓ ${file}: ${words}, as it is. Change what is to be another, then\n  hindcast fork --edits ${file}`);
  return 0;
}
