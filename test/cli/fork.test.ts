/** R7: a real program is recorded, and forked by the command line. The server counts: what is before the fork asks nothing. */
import { cpSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { AGENT, startBench } from './fork-bench.ts';
import type { Bench } from './fork-bench.ts';
import { hindcast, newFolder } from './process.ts';
import { idOf, WrittenRecording } from './written.ts';

let bench: Bench;
beforeAll(async () => {
  bench = await startBench();
});
afterAll(() => bench.close());

/** The id of the fork that a run made. */
const madeBy = (stderr: string): string => /^[●✗] (ses_\w+) {2}fork of/m.exec(stderr)?.[1] ?? `none: ${stderr}`;
const printed = (stdout: string): string[] => stdout.trimEnd().split('\n');

describe('what does not fit is refused before anything runs', () => {
  it.each<[string[], RegExp]>([
    [[], /--at is missing.*hindcast show ses_\w+ numbers the events/s],
    [['--at', '9'], /No event of ses_\w+ is number "9".*numbers all 4/s],
    [['--at', '2', '--model', 'gpt-5'], /#2 execute_tool stock is a tool call: only a model call has a request and a completion/],
    [['--at', '2', '--text', 'x'], /#2 execute_tool stock is a tool call/],
    [['--at', '2', '--resample'], /#2 execute_tool stock is a tool call/],
    [['--at', '1', '--result', '{}'], /#1 chat gpt-4.1-mini is a model call: only a tool returns a result/],
    [['--at', '2', '--result', 'sold out'], /--result: sold out is no JSON.*'"sold out"'/s],
    [['--at', '1', '--set', 'temperature=0'], /no pointer with a value.*--set \/temperature=0/s],
    [
      ['--at', '1', '--set', '/tools/0/name="x"'],
      /#1 chat gpt-4.1-mini: \/tools\/0\/name cannot be set: there is no \/tools in it/,
    ],
    [['--at', '1', '--replace', 'polite'], /does not say what becomes of what.*polite=>terse/s],
    [['--at', '1', '--replace', 'impolite=>terse'], /#1 chat gpt-4.1-mini: none of its texts holds "impolite"/],
    [['--at', '1', '--model', 'x', '--text', 'y'], /its request cannot be another as well/],
    [['--at', '1', '--after', 'never'], /Allowed choices are branch, live/],
    [['--at', '1', '--completion', 'gone.json'], /gone\.json cannot be read/],
    [['--edits', 'gone.json'], /gone\.json cannot be read.*--write-edits/s],
    [['--edits', 'gone.json', '--at', '1'], /--at and --edits cannot both be given/],
    [['--at', '1', 'node', 'x.js'], /stands behind --/],
    [['--at', '1', '--onward'], /what is edited holds onward, and changes nothing of a request/],
    [['--at', '1', '--text', 'x', '--onward'], /what is edited holds onward, and changes nothing of a request/],
    [['--at', '1', '--model', ''], /--model needs the name of a model/],
    [['--at', '', '--model', 'x'], /--at is missing/],
    [['--at', '1', '--model', 'x', '--force'], /--force replaces the file of --write-edits/],
  ])('%j', async (flags, says) => {
    const { stderr, stdout, code, asked } = await bench.run(['fork', bench.session, ...flags]);
    expect(stderr).toMatch(says);
    expect({ stdout, code, asked: asked.length }).toEqual({ stdout: '', code: flags.includes('9') ? 1 : 2, asked: 0 });
  });

  it('a session that no replay can run', async () => {
    const { stderr, code } = await bench.run(['run', '--', process.execPath, 'agent.mjs'], { HINDCAST_REPLAYABLE: 'off' });
    expect(code).toBe(0);
    const id = /ses_\w+/.exec(stderr)?.[0] ?? '';
    const forked = await bench.run(['fork', id, '--at', '1', '--model', 'x']);
    expect(forked.stderr).toMatch(/cannot be forked: it was not recorded for a replay: record with `hindcast run`/);
    expect(forked).toMatchObject({ code: 1, stdout: '', asked: [] });
  });
});

it('--model where the URL names the model is refused', async () => {
  const dir = newFolder();
  const written = new WrittenRecording(dir, 'ses_aaaa00000001', { flags: [1], argv: ['node', 'agent.mjs'] });
  const url = 'https://generativelanguage.googleapis.com/v1beta/models/gemini-3-pro:generateContent';
  const at = { id: idOf(1), type: 'llm', name: 'generate_content gemini-3-pro', start: 1000, end: 2000 };
  written.event({ ...at, llm: { operation: 'generate_content', provider: 'gcp.gemini', api: 'generate_content', request: {} } });
  written.add({
    k: 'request',
    t: 1000,
    x: 1,
    on: idOf(1),
    method: 'POST',
    url,
    headers: [],
    body: '{"contents":[]}',
    lin: idOf(9),
    lo: 1,
  });
  written.end();
  const { stderr, code } = await hindcast(['fork', 'last', '--dir', dir, '--at', '1', '--model', 'gemini-3-flash']);
  expect(stderr).toMatch(/--model: the request of #1 generate_content gemini-3-pro has no model in its body/);
  expect(code).toBe(2);
});

it('a key that no recording holds is missed before anything is asked', async () => {
  const fork = await bench.run(['fork', bench.session, '--at', '4', '--resample'], { OPENAI_API_KEY: undefined });
  expect(fork.stderr).toContain('! OPENAI_API_KEY is not set, and no recording holds it');
  expect((await bench.run(['fork', bench.session, '--at', '4', '--resample'])).stderr).not.toContain('is not set');
});

it('the program must be there', async () => {
  const elsewhere = await startBench();
  try {
    const kept = newFolder();
    cpSync(join(elsewhere.cwd, '.hindcast'), join(kept, '.hindcast'), { recursive: true });
    rmSync(elsewhere.cwd, { recursive: true });
    const { stderr, code, stdout } = await hindcast(['fork', elsewhere.session, '--at', '1', '--resample'], { cwd: kept });
    expect(stderr).toMatch(/the program of this recording is not here: /);
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
  } finally {
    await elsewhere.close();
  }
});

describe('forks', () => {
  it('at a model call, with another model: nothing before it is asked, and from it on only what differs', async () => {
    const fork = await bench.run(['fork', bench.session, '--at', '3', '--model', 'gpt-5']);
    expect(fork.code).toBe(0);
    expect(printed(fork.stdout).slice(0, 2)).toEqual(printed(bench.ran.stdout).slice(0, 2));
    expect(printed(fork.stdout).slice(2)).not.toEqual(printed(bench.ran.stdout).slice(2));
    expect(fork.asked.map(({ json }) => [json.model, json.messages.length])).toEqual([
      ['gpt-5', 4],
      ['gpt-4.1-mini', 6],
    ]);
    expect(fork.stderr).toMatch(
      new RegExp(
        `^● ses_\\w+ {2}fork of ${bench.session} at #3 chat gpt-4.1-mini: model "gpt-5"
  1 request answered from the recording, 2 sent \\(model calls: 1 and 2\\)
  saved 25 tokens, \\$[\\d.]+; spent 110 tokens, \\$[\\d.]+
  exit 0, as its parent, .*
  hindcast diff ${bench.session} ${madeBy(fork.stderr)}$`,
        'm',
      ),
    );
    const { stdout } = await bench.run(['diff', bench.session, madeBy(fork.stderr), '--only-first']);
    expect(stdout).toContain('First difference: #3');
    expect(stdout).toMatch(/model.*gpt-4.1-mini.*gpt-5/s);
    const shown = (await bench.run(['show', madeBy(fork.stderr)])).stdout;
    expect(shown).toContain(`fork of ${bench.session} at #3 chat gpt-4.1-mini: model "gpt-5"`);
    expect(shown.match(/^ *\d .*(recording|sent)$/gm)?.map((row) => row.trim().split(/ +/).at(-1))).toEqual([
      'recording',
      'sent',
      'sent',
    ]);
  });

  it('--onward changes later calls too', async () => {
    const fork = await bench.run(['fork', bench.session, '--at', '3', '--model', 'gpt-5', '--set', '/temperature=0', '--onward']);
    expect(fork.asked.map(({ json }) => [json.model, json.temperature])).toEqual([
      ['gpt-5', 0],
      ['gpt-5', 0],
    ]);
  });

  it('with words of a prompt', async () => {
    const fork = await bench.run(['fork', bench.session, '--at', '1', '--replace', 'polite=>rude']);
    expect(fork.asked.map(({ json }) => json.messages[0].content)).toEqual([
      'You are a rude clerk.',
      'You are a polite clerk.',
      'You are a polite clerk.',
    ]);
  });

  it('with what the model is made to have said: nobody is asked it', async () => {
    const fork = await bench.run(['fork', bench.session, '--at', '4', '--text', 'I am unhappy.']);
    expect(printed(fork.stdout)).toEqual([...printed(bench.ran.stdout).slice(0, 3), 'I am unhappy.']);
    expect(fork.asked).toEqual([]);
    expect(fork.code).toBe(1);
    expect(fork.stderr).toContain('exit 1, its parent 0');
  });

  it('with what the tool is made to have returned: what follows from it is asked', async () => {
    const fork = await bench.run(['fork', bench.session, '--at', '2', '--result', '{"item":"lamp","left":0}']);
    expect(printed(fork.stdout)[1]).toBe('left 0');
    expect(fork.asked).toHaveLength(2);
    expect(fork.asked[0]?.json.messages.at(-1).content).toBe('There are 0 left.');
    expect(fork.code).toBe(1);
    expect((await bench.run(['show', madeBy(fork.stderr)])).stdout).toMatch(/execute_tool stock .* edit$/m);
  });

  it('asked again: the same request, another answer', async () => {
    const fork = await bench.run(['fork', bench.session, '--at', '4', '--resample']);
    expect(fork.asked).toHaveLength(1);
    expect(fork.asked[0]?.json).toEqual(bench.asked[2]?.json);
    expect(printed(fork.stdout)[3]).not.toBe(printed(bench.ran.stdout)[3]);
    expect(fork.stderr).toContain(': asked again');
  });

  it('with other code alone, from the event on', async () => {
    writeFileSync(join(bench.cwd, 'other.mjs'), AGENT.replace("'Say goodbye.'", "'Say hello.'"));
    const fork = await bench.run(['fork', bench.session, '--at', '4', '--', process.execPath, 'other.mjs']);
    expect(fork.asked.map(({ json }) => json.messages.at(-1).content)).toEqual(['Say hello.']);
    expect(fork.stderr).toContain('no edit');
    const early = await bench.run(['fork', bench.session, '--at', '4', '--', process.execPath, 'other.mjs'], {});
    expect(early.code).toBe(0);
    writeFileSync(join(bench.cwd, 'early.mjs'), AGENT.replace("'What shall I look up?'", "'What now?'"));
    const left = await bench.run(['fork', bench.session, '--at', '4', '--', process.execPath, 'early.mjs']);
    expect(left).toMatchObject({ code: 86, asked: [] });
    expect(left.stderr).toContain('left the recording');
  });

  it('R7 a fork is a session like others: it is replayed offline, and forked again, three deep', async () => {
    let of = bench.session;
    for (const at of ['1', '3', '4']) {
      const fork = await bench.run(['fork', of, '--at', at, '--resample']);
      expect(fork.code, fork.stderr).toBe(0);
      const id = madeBy(fork.stderr);
      const again = await bench.run(['replay', id]);
      expect({ stdout: again.stdout, code: again.code, asked: again.asked.length }, again.stderr).toEqual({
        stdout: fork.stdout,
        code: 0,
        asked: 0,
      });
      of = id;
    }
    const { stdout } = await bench.run(['branches', of]);
    expect(stdout).toMatch(new RegExp(`└─ ${of}|├─ ${of}`));
  });

  it('of a fork, at the event that was edited: what was edited stays, and is edited further', async () => {
    const first = await bench.run(['fork', bench.session, '--at', '3', '--model', 'gpt-5']);
    const id = madeBy(first.stderr);
    const second = await bench.run(['fork', id, '--at', '3', '--set', '/temperature=0']);
    expect(second.asked[0]?.json).toMatchObject({ model: 'gpt-5', temperature: 0 });
    expect(second.asked.slice(1).map(({ json }) => json.model)).toEqual(['gpt-4.1-mini']);
    const again = await bench.run(['fork', id, '--at', '3', '--resample']);
    expect(again.asked[0]?.json).toMatchObject({ model: 'gpt-5', temperature: 1 });
    const file = join(bench.cwd, 'of-fork.json');
    await bench.run(['fork', id, '--at', '3', '--write-edits', file]);
    const same = await bench.run(['fork', '--edits', file]);
    expect(same).toMatchObject({ asked: [], stdout: first.stdout, code: 0 });
  });

  it('stops before a side effect that the recording does not have, and goes on where it is allowed', async () => {
    const agent = AGENT.replace(
      'const last =',
      `const sent = await fetch(process.env.MODEL_URL + '/refund', { method: 'POST', body: JSON.stringify({ messages: [], said: messages.at(-1).content }) });
  console.log('refund', sent.status);
  const last =`,
    );
    const refunds = await startBench((n) => `answer ${n}`, agent);
    try {
      const paths = (asked: readonly { path: string }[]): string[] => asked.map(({ path }) => path);
      expect(paths(refunds.asked)).toContain('/refund');
      const fork = await refunds.run(['fork', refunds.session, '--at', '3', '--text', 'Refund it all.']);
      expect(fork.code).toBe(87);
      expect(paths(fork.asked)).toEqual([]);
      expect(fork.stderr).toMatch(/^✗ ses_\w+ {2}fork of/m);
      expect(fork.stderr).toMatch(/refused: POST .*\/refund; --allow 127\.0\.0\.1 lets it happen/);
      expect(fork.stderr).toContain('exit 87: it stopped at a side effect');
      const allowed = await refunds.run([
        'fork',
        refunds.session,
        '--at',
        '3',
        '--text',
        'Refund it all.',
        '--allow',
        '127.0.0.1',
      ]);
      expect(allowed.code).toBe(0);
      expect(paths(allowed.asked)).toEqual(['/refund', '/v1/chat/completions']);
      const searched = await refunds.run(['bisect', refunds.session, '--bad-if', 'true', '--samples', '1', '--max-forks', '2']);
      expect(searched.stdout).toMatch(/0 of 0 good, 1 stopped at a side effect/);
      expect(searched.stdout).toContain('came so far that it could be judged');
      expect(searched.stdout).toContain('--allow 127.0.0.1 lets them happen');
    } finally {
      await refunds.close();
    }
  });

  it('--json says what it came to, and shows nothing of the program', async () => {
    const fork = await bench.run(['fork', bench.session, '--at', '3', '--model', 'gpt-5', '--json']);
    const said = JSON.parse(fork.stdout);
    expect(said).toMatchObject({
      of: bench.session,
      exitCode: 0,
      parentExitCode: 0,
      requests: { recorded: 1, sent: 2 },
      saved: { llm: 1, tokens: { input: 20, output: 5 } },
      spent: { llm: 2, tokens: { input: 100, output: 10 } },
      refused: [],
      edited: [{ kind: 'request', times: 1, faults: [] }],
      edits: [{ kind: 'request', change: { set: { '/model': 'gpt-5' } } }],
    });
    expect(readFileSync(said.recordings[0], 'utf8').split('\n')[0]).toContain('"fork":{');
  });
});

describe('R14 overrides files', () => {
  it('are written with what is there, and do what was changed in them', async () => {
    const file = join(bench.cwd, 'edits.json');
    const wrote = await bench.run(['fork', bench.session, '--at', '3', '--write-edits', file]);
    expect(wrote).toMatchObject({ code: 0, asked: [] });
    expect(wrote.stderr).toContain(`hindcast fork --edits ${file}`);
    const edits = JSON.parse(readFileSync(file, 'utf8'));
    expect(edits).toMatchObject({
      version: 1,
      session: bench.session,
      edits: [
        { name: '#3 chat gpt-4.1-mini', request: bench.asked[1]?.json, completion: { text: 'answer 2', finishReason: 'stop' } },
      ],
    });
    edits.edits[0].request.model = 'gpt-5';
    edits.edits[0].request.messages[0].content = 'You are terse.';
    delete edits.edits[0].request.temperature;
    writeFileSync(file, JSON.stringify(edits));
    const fork = await bench.run(['fork', '--edits', file]);
    expect(fork.code, fork.stderr).toBe(0);
    expect(fork.asked).toHaveLength(2);
    expect(fork.asked[0]?.json).toEqual({ ...edits.edits[0].request });
    expect(fork.stderr).toContain('model "gpt-5", without temperature, /messages/0/content "You are terse."');
  });

  it('are for one session and its events alone', async () => {
    const file = join(bench.cwd, 'other.json');
    await bench.run(['fork', bench.session, '--at', '3', '--write-edits', file]);
    const second = await bench.run(['run', '--', process.execPath, 'agent.mjs']);
    const id = /ses_\w+/.exec(second.stderr)?.[0] ?? '';
    const fork = await bench.run(['fork', id, '--edits', file]);
    expect(fork.stderr).toContain(`other.json is for ${bench.session}, and not for ${id}`);
    writeFileSync(file, readFileSync(file, 'utf8').replaceAll(bench.session, id));
    const renamed = await bench.run(['fork', '--edits', file]);
    expect(renamed.stderr).toContain('the overrides are for another session');
    expect([fork, renamed]).toMatchObject([
      { code: 2, asked: [] },
      { code: 2, asked: [] },
    ]);
  });

  it('are checked: the place of what is wrong is named', async () => {
    const file = join(bench.cwd, 'wrong.json');
    writeFileSync(file, '{"version":1,"session":"ses_1","edits":[{"event":"00f067aa0ba902b7","sett":{}}]}');
    const fork = await bench.run(['fork', '--edits', file]);
    expect(fork.stderr).toMatch(/\.json:\d+:\d+: \/edits\/0\/sett is no member that is known: did you mean set\?/);
    expect(fork).toMatchObject({ code: 2, asked: [] });
  });
});
