/** `hindcast step`: walks through a session moment by moment, forwards and backwards. */
import { createInterface, emitKeypressEvents, type Key } from 'node:readline';
import type { Command } from 'commander';
import type { Moment } from '../../analysis/timeline.ts';
import { printable } from '../printable.ts';
import { recordingAt } from '../project.ts';
import { ENTER_SCREEN, LEAVE_SCREEN, StepScreen } from '../step-screen.ts';
import { StepSession } from '../step-session.ts';
import { openStepSource } from '../step-source.ts';
import { positionLines, titleLine, viewLines } from '../step-view.ts';
import type { Terminal } from '../terminal.ts';
import { does, newVerb, type Call } from '../verb.ts';

interface StepOptions {
  alone?: boolean;
  at?: string;
  break?: string[];
}

export function verb(): Command {
  const command = newVerb({
    name: 'step',
    summary: 'walk through a session, forwards and backwards',
    description:
      'A debugger over a recording: goes from moment to moment, into and out of events, on or back to a breakpoint, and shows what stood so then: open events, ' +
      'the context of the model call and what was new in it, tool calls, logs, clock, totals. In a terminal single keys do it; else commands are read from stdin, one a line. h lists them.',
    examples: [
      ['step', 'the newest session'],
      ['step ses_4f1a --at 7', 'from where event 7 of `hindcast show` begins'],
      ['step last --break error --break "tool:search"', 'with breakpoints: c goes on to them'],
      ["printf 'c error\\ns\\nd\\n' | hindcast step last", 'in a script'],
      ['step last --json | jq ".moments[0]"', 'the moments, for programs'],
    ],
  })
    .argument('[session]', 'id, the beginning of one, a path, or "last"', 'last')
    .option('--at <event>', 'start where this event begins: its number in `hindcast show`, or id')
    .option('--break <breakpoint>', 'set a breakpoint; repeatable', (text: string, all: string[] | undefined) => [
      ...(all ?? []),
      text,
    ])
    .option('--alone', 'without the sessions that it is part of, or that are part of it');
  return does(command, run);
}

async function run({ args: [meant = 'last'], options, terminal }: Call<StepOptions>): Promise<number> {
  const path = recordingAt(options.dir, meant);
  const open = (): ReturnType<typeof openStepSource> => openStepSource(path, { alone: options.alone === true });
  const session = new StepSession(open(), open);
  for (const text of options.break ?? []) session.addBreakpoint(text);
  if (options.at !== undefined) session.goTo(options.at);
  if (terminal.json) printMoments(session, terminal);
  else if (process.stdin.isTTY && process.stdout.isTTY && process.env['TERM'] !== 'dumb') await onScreen(session, terminal);
  else await byLines(session, terminal);
  return 0;
}

function printMoments({ timeline, source }: StepSession, terminal: Terminal): void {
  const { header, state, end } = source.family.first;
  terminal.printJson({ session: header, state, end, moments: timeline.moments.map(momentJson) });
}

/** A moment; the event itself is in `show --json`, under the same number. */
function momentJson(moment: Moment): object {
  const { index, kind, at, of } = moment;
  const node = of && { event: of.node.number, id: of.node.id, type: of.node.type, name: of.node.name, run: of.run };
  const what =
    kind === 'answer'
      ? { answer: moment.answer }
      : kind === 'note'
        ? { note: moment.note }
        : kind === 'log'
          ? { log: moment.log }
          : {};
  return {
    moment: index + 1,
    kind,
    at,
    ...node,
    ...what,
    ...(kind === 'end' && of.node.event && { status: of.node.event.status }),
  };
}

/** Commands come in one a line, and what they do is printed. */
async function byLines(session: StepSession, terminal: Terminal): Promise<void> {
  const print = (lines: readonly string[]): void => lines.forEach((line) => terminal.print(line));
  print([titleLine(session, terminal), ...positionLines(session, terminal)]);
  for await (const line of createInterface({ input: process.stdin, crlfDelay: Infinity })) {
    const reply = session.run(line);
    if (reply.kind === 'quit') return;
    if (reply.kind === 'view') print(viewLines(session, reply.view, terminal));
    else if (reply.kind === 'said') print(reply.lines.map(printable));
    else {
      if (reply.remark !== undefined) terminal.print(printable(reply.remark));
      print(positionLines(session, terminal));
    }
  }
}

/** Single keys, and a screen drawn in place, which the shell gets back as it was. */
async function onScreen(session: StepSession, { paint, verbose }: Terminal): Promise<void> {
  const { stdin, stdout } = process;
  const screen = new StepScreen(session, {
    paint,
    verbose,
    columns: () => stdout.columns || 80,
    rows: () => stdout.rows || 24,
    write: (text) => void stdout.write(text),
  });
  const leave = (): void => {
    stdin.setRawMode(false);
    stdout.write(LEAVE_SCREEN);
  };
  const redraw = (): void => screen.draw();
  // Also after the shell had the terminal for a while.
  const enter = (): void => {
    stdin.setRawMode(true);
    stdout.write(ENTER_SCREEN);
    redraw();
  };
  emitKeypressEvents(stdin);
  enter();
  process.once('exit', leave);
  process.on('SIGCONT', enter);
  stdout.on('resize', redraw);
  let signal: NodeJS.Signals | undefined;
  try {
    signal = await new Promise<NodeJS.Signals | undefined>((resolve, reject) => {
      for (const one of ['SIGTERM', 'SIGHUP'] as const) process.once(one, () => resolve(one));
      stdin.once('end', () => resolve(undefined));
      stdin.on('keypress', (text: string | undefined, key: Key) => {
        try {
          if (screen.press(text, key)) screen.draw();
          else resolve(undefined);
        } catch (error) {
          reject(error as Error);
        }
      });
      stdin.resume();
    });
  } finally {
    process.off('SIGCONT', enter);
    process.off('exit', leave);
    stdout.off('resize', redraw);
    stdin.removeAllListeners('keypress');
    stdin.pause();
    leave();
  }
  // Whoever sent it sees that it was heard.
  if (signal !== undefined) process.kill(process.pid, signal);
}
