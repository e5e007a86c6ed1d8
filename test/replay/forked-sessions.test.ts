/** A fork of one of several sessions of a process: the others are served from the record, whoever talked to the process does so again, and the branch is a recording of all of them. */
import { request } from 'node:http';
import { afterEach, describe, expect, it } from 'vitest';
import { AGENTS, SERVER, UNHEARD } from './forked-apps.ts';
import { recordForked } from './forked-process.ts';
import type { ForkedProcess, RanProcess } from './forked-process.ts';
import type { Recording } from '../../src/recording/recording.ts';

let open: ForkedProcess | undefined;
afterEach(async () => {
  await open?.close();
  open = undefined;
});

/** What the clients of the recorded run were given. */
type Answers = Record<'anna' | 'ben' | 'carl', string>;

const post = async (port: number, who: string): Promise<string> =>
  (
    await fetch(`http://127.0.0.1:${port}/ask`, {
      method: 'POST',
      body: JSON.stringify({ who }),
      headers: { 'content-type': 'application/json' },
    })
  ).text();

/** A client that has seen enough after the first piece. */
const leave = (port: number, who: string): Promise<string> =>
  new Promise((resolve, reject) => {
    const asked = request({
      host: '127.0.0.1',
      port,
      method: 'POST',
      path: '/ask',
      headers: { 'content-type': 'application/json' },
    });
    asked.on('error', reject);
    asked.on('response', (response) => {
      response.once('data', (piece: Buffer) => {
        response.destroy();
        resolve(String(piece));
      });
    });
    asked.end(JSON.stringify({ who }));
  });

/** Anna and Ben ask at once. Carl asks when Anna has her answer, and leaves early; then the server is stopped. */
async function recordServer(text: string): Promise<ForkedProcess & { answers: Answers }> {
  const answers: Answers = { anna: '', ben: '', carl: '' };
  open = await recordForked(text, async (running, port) => {
    const at = await port();
    const anna = async (): Promise<void> => {
      answers.anna = await post(at, 'anna');
      answers.carl = await leave(at, 'carl');
      await expect.poll(() => running.stdout()).toContain('answered carl');
    };
    const ben = async (): Promise<void> => void (answers.ben = await post(at, 'ben'));
    await Promise.all([anna(), ben()]);
    running.child.kill('SIGTERM');
  });
  // What is sent takes longer than all that was recorded.
  open.slower.ms = 300;
  return Object.assign(open, { answers });
}

const named = (recordings: readonly Recording[], name: string): Recording =>
  recordings.find(({ header }) => header.name === name && header.fork === undefined)!;

const madeBy = ({ stderr }: RanProcess): string => /^[●✗] (ses_\w+) {2}fork of/m.exec(stderr)?.[1] ?? `none: ${stderr}`;

const answerOf = ({ stdout }: RanProcess, who: string): string | undefined =>
  new RegExp(`^answered ${who} (\\S.*) \\d+$`, 'm').exec(stdout)?.[1];

/** Of each session of a branch: its name, what it is of, and beside what. */
const lineageOf = (recordings: readonly Recording[], process: string | undefined): unknown[] =>
  recordings
    .filter(({ header }) => header.process === process && header.outside !== true)
    .toSorted((a, b) => String(a.header.name).localeCompare(String(b.header.name)))
    .map(({ header: { name, fork } }) => [name, fork?.of, fork?.beside]);

const ofProcess = (recordings: readonly Recording[], id: string): Recording[] => {
  const process = recordings.find(({ header }) => header.id === id)?.header.process;
  return recordings.filter(({ header }) => header.process === process);
};

describe('R7 a fork of one of several sessions of a server', () => {
  const whoAsked = ({ asked }: RanProcess): string[] => asked.map(({ json }) => json.messages[1].content.split(' ')[0]);

  it.each<[string, string[], RegExp, number]>([
    ['another prompt', ['--at', '3', '--replace', 'left=>gone'], /^answer 1\d*;answer \d\d;answer \d\d;\.$/, 2],
    ['what the model is made to have said', ['--at', '1', '--text', 'Hello.'], /^Hello\.;answer \d\d;answer \d\d;\.$/, 2],
    ['another result of the tool', ['--at', '2', '--result', '{"left":0}'], /^answer \d;answer \d\d;answer \d\d;\.$/, 2],
    ['everything live', ['--at', '1', '--after', 'live'], /^answer \d\d;answer \d\d;answer \d\d;\.$/, 3],
  ])('%s', async (_what, edit, answered, sent) => {
    const at = await recordServer(SERVER);
    expect([at.ran.code, at.ran.asked.length]).toEqual([3, 9]);
    const [anna, ben, carl] = ['anna', 'ben', 'carl'].map((name) => named(at.recordings(), name).header.id);
    const fork = await at.run('fork', anna!, ...edit);
    // Nothing is sent but what the edit changes, nothing of it for the others, and the server is stopped as it was.
    expect([fork.code, whoAsked(fork)], fork.stderr).toEqual([3, Array<string>(sent).fill('anna')]);
    expect(answerOf(fork, 'anna')).toMatch(answered);
    expect(answerOf(fork, 'anna')).not.toBe(at.answers.anna);
    expect(answerOf(fork, 'ben')).toBe(at.answers.ben);
    expect(answerOf(fork, 'carl')).toBe(answerOf(at.ran, 'carl'));
    expect(answerOf(fork, 'carl')).toMatch(at.answers.carl);
    // Who waited for an answer waits for it again: nobody leaves before, asks again before, or stops the server before.
    const order = fork.stdout.split('\n').filter((line) => /closed|answered (anna|carl)|stopping/.test(line));
    expect(order.filter((line) => !line.startsWith('ben')).map((line) => line.replace(/ answer.*| Hello.*/, ''))).toEqual([
      ...['answered anna', 'anna closed true', 'carl closed false', 'answered carl', 'stopping 3', 'closed 3'],
    ]);
    expect(fork.stderr).toMatch(new RegExp(`${9 - sent} requests? answered from the recording, ${sent} sent`));
    expect(fork.stderr).toContain(`spent ${sent * 15} tokens`);
    expect(fork.stderr).toContain('exit 3, as its parent');
    // Each session of the branch says which one it is of.
    const id = madeBy(fork);
    const branch = ofProcess(at.recordings(), id);
    expect(lineageOf(branch, branch[0]?.header.process)).toEqual([
      ['anna', anna, undefined],
      ['ben', ben, anna],
      ['carl', carl, anna],
    ]);
    for (const { header } of branch.filter(({ header }) => header.outside !== true)) {
      const again = await at.run('replay', header.id);
      expect([again.stdout, again.code, again.asked.length], again.stderr).toEqual([fork.stdout, 3, 0]);
      expect(again.stderr).not.toMatch(/found by/);
    }
  });

  it('again and again, in whichever session', async () => {
    const at = await recordServer(SERVER);
    const [anna, ben] = ['anna', 'ben'].map((name) => named(at.recordings(), name).header.id);
    const first = await at.run('fork', anna!, '--at', '3', '--resample');
    const besides = ofProcess(at.recordings(), madeBy(first)).find(({ header }) => header.name === 'ben')!.header.id;
    const second = await at.run('fork', besides, '--at', '4', '--resample');
    expect([second.code, whoAsked(second)]).toEqual([3, ['ben']]);
    expect(answerOf(second, 'anna')).toBe(answerOf(first, 'anna'));
    expect(answerOf(second, 'ben')).not.toBe(at.answers.ben);
    const third = await at.run('fork', madeBy(second), '--at', '4', '--text', 'No more.');
    expect([third.code, third.asked.length, answerOf(third, 'ben')?.endsWith('No more.;.')]).toEqual([3, 0, true]);
    const again = await at.run('replay', madeBy(third));
    expect([again.stdout, again.code, again.asked.length]).toEqual([third.stdout, 3, 0]);
    // Anna's tree has her fork; that of Ben's own leads through the session that was beside it.
    const tree = (await at.run('branches')).stdout
      .split('\n')
      .map((line) => /[└├]?─? ?ses_\w+/.exec(line)?.[0].replace(/^[└├]─ /, ''));
    const [annas, bens] = [tree.indexOf(anna), tree.indexOf(ben)];
    expect(tree[annas + 1]).toBe(madeBy(first));
    expect(tree.slice(bens, bens + 4)).toEqual([ben, besides, madeBy(second), madeBy(third)]);
    expect(tree.filter(Boolean)).toHaveLength(6);
  });

  it('with other code alone', async () => {
    const at = await recordServer(SERVER);
    at.write(
      SERVER.replace(
        "messages.push({ role: 'user', content: next",
        "messages.push({ role: 'user', content: (who === 'anna' ? 'Well: ' : '') + next",
      ),
    );
    const anna = named(at.recordings(), 'anna').header.id;
    const fork = await at.run('fork', anna, '--at', '3');
    expect([fork.code, whoAsked(fork), answerOf(fork, 'ben')], fork.stderr).toEqual([3, ['anna', 'anna'], at.answers.ben]);
    expect(fork.asked[0]?.json.messages.at(-1).content).toMatch(/^Well: /);
    // Before the event nothing may be another, in no session.
    at.write(SERVER.replace("content: who + ' at '", "content: 'I am ' + who + ' at '"));
    const early = await at.run('fork', anna, '--at', '3');
    expect([early.code, early.asked.length]).toEqual([86, 0]);
  });

  it('whose server a signal ended: it is ended by it again, when all is answered', async () => {
    const at = await recordServer(UNHEARD);
    expect(at.ran.signal).toBe('SIGTERM');
    const anna = named(at.recordings(), 'anna').header.id;
    const fork = await at.run('fork', anna, '--at', '3', '--resample');
    expect([fork.code, answerOf(fork, 'ben'), answerOf(fork, 'carl')], fork.stderr).toEqual([
      143,
      at.answers.ben,
      answerOf(at.ran, 'carl'),
    ]);
    expect(answerOf(fork, 'anna')).toMatch(/^answer \d;answer \d\d;answer \d\d;\.$/);
    expect(fork.stderr).toContain('ended by SIGTERM, as its parent');
    const again = await at.run('replay', madeBy(fork));
    expect([again.stdout, again.code, again.asked.length]).toEqual([fork.stdout, 143, 0]);
  });
});

describe('R7 a fork of one of several sessions in a row', () => {
  it('what does not hang on the edit is served, what hangs on it is asked', async () => {
    open = await recordForked(AGENTS, async ({ hangUp }) => hangUp());
    const [first, second] = ['first', 'second'].map((name) => named(open!.recordings(), name).header.id);
    const lines = open.ran.stdout.trimEnd().split('\n');
    const edited = await open.run('fork', first!, '--at', '2', '--text', 'Hello.');
    expect(edited.asked.map(({ json }) => json.messages.at(-1).content)).toEqual(['second 1 Hello.']);
    expect(edited.stdout.split('\n').slice(0, 3)).toEqual([lines[0], 'first 1 Hello.', lines[2]]);
    const live = await open.run('fork', first!, '--at', '1', '--after', 'live');
    expect(live.asked.map(({ json }) => json.messages.at(-1).content.slice(0, 8))).toEqual(['first 0 ', 'first 1 ', 'second 1']);
    const later = await open.run('fork', second!, '--at', '1', '--after', 'live');
    expect(later.asked.map(({ json }) => json.messages.at(-1).content.slice(0, 8))).toEqual(['second 0', 'second 1']);
    expect(later.stdout.split('\n').slice(0, 2)).toEqual(lines.slice(0, 2));
    for (const fork of [edited, live, later]) {
      const again = await open.run('replay', madeBy(fork));
      expect([again.stdout, again.code, again.asked.length]).toEqual([fork.stdout, 0, 0]);
    }
    expect(lineageOf(ofProcess(open.recordings(), madeBy(later)), undefined)).toEqual([]);
    expect(
      ofProcess(open.recordings(), madeBy(later)).map(({ header: { name, fork } }) => [name, fork?.of, fork?.beside]),
    ).toEqual([
      ['first', first, second],
      ['second', second, undefined],
    ]);
    const shown = (await open.run('show', ofProcess(open.recordings(), madeBy(edited))[1]!.header.id)).stdout;
    expect(shown).toContain(`of ${second}, in a process in which ${first} was forked at #2 chat gpt-4.1-mini: answer "Hello."`);
  });
});

it('R7 a fork asks no server of its own anew: it listens nowhere', async () => {
  open = await recordForked(
    `
    import { createServer } from 'node:http';
    const server = createServer(async (req, res) => res.end(req.url + ' ' + Math.random()));
    await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
    const own = 'http://localhost:' + server.address().port;
    console.log(await (await fetch(own + '/before')).text());
    await fetch(process.env.MODEL_URL + '/v1/chat/completions', { method: 'POST', body: JSON.stringify({ messages: [] }) });
    console.log(await (await fetch(own + '/' + (process.env.WORD ?? 'after'))).text());
    server.close();
    server.closeAllConnections();`,
    async ({ hangUp }) => hangUp(),
  );
  expect([open.ran.code, open.ran.asked.length]).toEqual([0, 1]);
  const { header, exchanges } = open.recordings()[0]!;
  expect(exchanges.size).toBe(3);
  const text = open.program();
  open.write(text.replace("'after'", "'later'"));
  const live = await open.run('replay', header.id, '--policy', 'live', '--allow', '*');
  expect([live.code, live.asked.length], live.stderr).toEqual([86, 0]);
  expect(live.stderr).toMatch(/GET \/later goes to a server of the program's own, which listens on no port in a replay/);
});
