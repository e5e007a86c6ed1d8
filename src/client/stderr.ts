/** What hindcast says, on stderr and nowhere else. Written at once, because the process may end next; a stderr that cannot take it is no reason to stop. */
import { fstatSync, writeSync } from 'node:fs';
import { codeWord } from '../core/code-word.ts';
import type { Fault } from '../core/diagnostics.ts';

const STDERR = 2;

/** One line, as it is. */
export function sayLine(text: string): void {
  try {
    writeSync(STDERR, `${text.replaceAll(/[\r\n]+/g, ' ')}\n`);
  } catch {
    // Closed, full or gone: there is nowhere to say so.
  }
}

/** Whether to colour: only for a person's terminal that did not ask otherwise (https://no-color.org). */
export function wantsColour(env: Record<string, string | undefined>, isTty: boolean): boolean {
  return isTty && (env['NO_COLOR'] ?? '') === '' && env['TERM'] !== 'dumb';
}

/** Whether it is one. The module that knows is loaded for what may be one only: it takes longer than all of `init()`. */
function isTerminal(descriptor: number): boolean {
  try {
    return fstatSync(descriptor).isCharacterDevice() && process.getBuiltinModule('node:tty').isatty(descriptor);
  } catch {
    return false;
  }
}

/** One line of ours, with the name in front. */
export function say(text: string): void {
  const colour = wantsColour(process.env, isTerminal(STDERR));
  sayLine(colour ? `\u001b[2mhindcast:\u001b[22m ${text}` : `hindcast: ${text}`);
}

/** Faults in code of the app's own that takes part in the export. */
const OF_THE_APP: Readonly<Record<string, string>> = {
  'export.processor':
    'a processor threw, or answered with a promise, and what it was given is sent without anything that was said',
  'export.redactor': 'the redactor threw, or answered with a promise, and each such text is sent as <redacted>',
  'export.shutdown': 'shutdown() of the exporter threw',
};

/** Where the app's own values are read: what they throw says nothing of our files. */
const OF_VALUES = new Set(['recording.serialise', 'recording.line', 'recording.headers', 'recording.url']);

/** A fault in words that hold nothing of what the app said: its place, class and code; the rest only where debugging was asked for. */
export function faultText(fault: Fault, debug: boolean): string {
  const { site, error } = fault;
  const { code, path, name } = (error ?? {}) as { code?: unknown; path?: unknown; name?: unknown };
  // What is thrown may be the app's own, and have a sentence for a code.
  const [errorCode, errorName] = [codeWord(code), codeWord(name)];
  if (debug) return `fault in ${site}: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`;
  if (site.startsWith('recording.') && !OF_VALUES.has(site) && errorCode !== undefined && typeof path === 'string') {
    return `cannot write ${path} (${errorCode}), so what happens there is not recorded; set HINDCAST_DIR to a folder that can be written`;
  }
  const extension = OF_THE_APP[site];
  if (extension !== undefined) return `${extension} (${errorName ?? 'error'})`;
  return `fault in ${site} (${errorCode ?? errorName ?? 'error'}); the program is not affected. HINDCAST_LOG_LEVEL=debug says more`;
}
