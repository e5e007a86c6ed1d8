/** `beforeExit`: a program that begins something in it is recorded and replayed as it ran, however often it does. */
import { expect, it } from 'vitest';
import { recordText } from './recorded.ts';

const ask = `const ask = async (path) => (await fetch(process.env.MODEL_URL + path)).text();\n`;

it.each<[string, string, RegExp]>([
  [
    'a request, three times',
    `${ask}let n = 0;
     process.on('beforeExit', async (code) => { console.log('before exit', code, ++n); if (n <= 3) console.log(await ask('/weather?' + n), Math.random()); });
     console.log(await ask('/weather'));`,
    /^.*\n(before exit 0 \d\n.+\n){3}before exit 0 4\n$/,
  ],
  [
    'a timer, work and a child',
    `${ask}import { readFile } from 'node:fs/promises'; import { execFile } from 'node:child_process';
     const begin = [
       () => setTimeout(() => console.log('timer', Date.now()), 20),
       () => readFile(process.argv[1]).then(({ length }) => console.log('file', length > 0)),
       () => execFile(process.execPath, ['-e', 'console.log(Math.random())'], (_error, stdout) => console.log('child', stdout.trim())),
       () => setTimeout(() => console.log('never'), 20).unref(),
     ];
     process.on('beforeExit', () => { console.log('before exit', begin.length); begin.shift()?.(); });
     console.log(await ask('/weather'));`,
    /^.*\nbefore exit 4\ntimer \d+\nbefore exit 3\nfile true\nbefore exit 2\nchild 0\.\d+\nbefore exit 1\n$/,
  ],
  [
    'all of it',
    `${ask}process.once('beforeExit', async () => { console.log(await ask('/weather')); await new Promise((then) => setTimeout(then, 5)); console.log(await ask('/weather?2')); });`,
    /^.+\n.+\n$/,
  ],
  [
    'nothing, but ends with another code',
    `${ask}console.log(await ask('/weather')); process.on('beforeExit', () => { process.exitCode = 3; console.log(Math.random()); });`,
    /^.+\n0\.\d+\n$/,
  ],
])('R4 what begins there: %s', async (_what, program, printed) => {
  const recorded = await recordText(program);
  expect([recorded.ran.stdout, recorded.ran.stderr]).toEqual([expect.stringMatching(printed), expect.any(String)]);
  const again = await recorded.replay();
  expect([again.code, again.stdout]).toEqual([recorded.ran.code, recorded.ran.stdout]);
  expect(again.summary).toMatch(/^✓/);
  expect(again.summary).not.toMatch(/found by|code is not/);
});

it.each<[string, string, string, RegExp]>([
  ['a request', `console.log(await ask('/weather?2'));`, '', /the program ended without request 2 \(GET \/weather\?2\)/],
  [
    'a timer',
    `await new Promise((then) => setTimeout(then, 7));`,
    '',
    /the recording goes on with a timer of 7 ms that this run has not set/,
  ],
])('R6 a program that ends without %s ends with 86', async (_what, last, without, words) => {
  const program = (end: string): string => `${ask}console.log(await ask('/weather'));\n${end}`;
  const recorded = await recordText(program(last));
  recorded.write(program(without));
  const again = await recorded.replay();
  expect([again.code, again.stderr]).toEqual([86, expect.stringMatching(words)]);
  const warned = await recorded.replay({}, '--policy', 'warn');
  expect([warned.code, warned.stderr]).toEqual([0, expect.stringMatching(words)]);
});
