/** The text of a test that replays a recording, for vitest or node:test. */
import { oneLine } from './printable.ts';

/** Test runners that a test is written for. */
export const RUNNERS = ['node', 'vitest'] as const;
export type Runner = (typeof RUNNERS)[number];

export interface TestFile {
  runner: Runner;
  session: string;
  /** When it was recorded: `2026-11-21`. */
  day: string;
  /** What it is the test of: `agent.mjs`. */
  program: string;
  /** Name of the recording's file, beside the test. */
  recording: string;
  /** The program's folder, seen from that of the test: `../..`. */
  cwd: string;
  /** The program and its arguments, seen from its folder. */
  argv: readonly string[];
  /** How the recorded run ended. */
  exitCode: number | undefined;
  /** Where a bug was fixed. */
  fixedAt?: { id: string; number: number; name: string };
  /** Name of the file with what the program prints, beside the test. */
  stdout?: string;
}

const IMPORTS: Record<Runner, string> = {
  node: `import { test } from 'node:test';`,
  vitest: `import { test } from 'vitest';`,
};

/** The file as text. It needs nothing but the runner and hindcast, and says nothing of the machine that it was made on. */
export function testFile(file: TestFile): string {
  const { session, runner, recording, cwd, argv, fixedAt, stdout } = file;
  const options = [`cwd: new URL(${quoted(`${cwd}/`)}, import.meta.url),`, `argv: ${listed(argv)},`];
  if (fixedAt !== undefined) {
    options.push(`// Event ${fixedAt.number} of the recording: ${oneLine(fixedAt.name)}.`, `fixedAt: ${quoted(fixedAt.id)},`);
  }
  const lines = [
    `// Replays session ${session} of ${file.day}: the program runs as it is now, and is given what it was given then.`,
    '// No key is needed and nothing is sent: what would reach out ends it. Made by `hindcast test`, and yours to change.',
    ...(stdout === undefined ? [] : [`import assert from 'node:assert/strict';`, `import { readFileSync } from 'node:fs';`]),
    IMPORTS[runner],
    `import { replay } from 'hindcast/testing';`,
    '',
    `test(${quoted(nameOf(file))}, async () => {`,
    `  const result = await replay(new URL(${quoted(`./${recording}`)}, import.meta.url), {`,
    ...options.map((line) => `    ${line}`),
    '  });',
    ...(fixedAt === undefined ? asRecorded(file) : asFixed(fixedAt.number)),
    '});',
  ];
  return `${lines.join('\n')}\n`;
}

function nameOf({ program, session, fixedAt }: TestFile): string {
  return fixedAt === undefined ? `${program} does what it did in ${session}` : `${program} gets past the failure of ${session}`;
}

function asRecorded({ exitCode, stdout }: TestFile): string[] {
  return [
    `  // Every request that was made then, none that was not${exitCode === undefined ? '' : `, and exit code ${exitCode}`}: what is different is in the message.`,
    '  result.assertSame();',
    ...(stdout === undefined
      ? []
      : [`  assert.equal(result.stdout, readFileSync(new URL(${quoted(`./${stdout}`)}, import.meta.url), 'utf8'));`]),
  ];
}

function asFixed(number: number): string[] {
  return [
    `  // Until event ${number} began everything is as it was; what is different from then on is the fix. The first request that`,
    '  // the recording has no answer to ends the program: it got past the failure, and has exit code 0.',
    '  result.assertFixed();',
  ];
}

const quoted = (text: string): string => `'${JSON.stringify(text).slice(1, -1).replaceAll('\\"', '"').replaceAll("'", "\\'")}'`;
const listed = (texts: readonly string[]): string => `[${texts.map(quoted).join(', ')}]`;
