/** `hindcast step`: in a real process that is told its commands on stdin, in a pseudo terminal, and its screen by itself. */
import { spawn, spawnSync } from 'node:child_process';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { SessionLine } from '../../src/events/lines.ts';
import { cells } from '../../src/cli/printable.ts';
import { ENTER_SCREEN, LEAVE_SCREEN, StepScreen } from '../../src/cli/step-screen.ts';
import { StepSession } from '../../src/cli/step-session.ts';
import { openStepSource } from '../../src/cli/step-source.ts';
import { cleanEnv, hindcast, newFolder, startHindcast, until, type Ended } from './process.ts';
import { EPOCH_US, idOf, WrittenRecording, writeAgent } from './written.ts';

const MAIN = join(import.meta.dirname, '../../dist/cli/main.js');
let folder: string;
let dir: string;

type Message = Record<string, unknown>;

/** A chat call with its exchange. */
function addCall(
  to: WrittenRecording,
  {
    id,
    start,
    messages,
    answer,
    calls = [],
    results,
  }: { id: number; start: number; messages: Message[]; answer?: string; calls?: string[]; results?: string[] },
): void {
  const toolCalls = calls.map((name) => ({ id: `call_${name}`, type: 'function', function: { name, arguments: '{"q":1}' } }));
  const message = { role: 'assistant', content: answer ?? null, ...(toolCalls.length > 0 && { tool_calls: toolCalls }) };
  to.add({
    k: 'request',
    t: start + 1000,
    x: id,
    on: idOf(id),
    method: 'POST',
    url: 'https://a.example/v1',
    headers: [],
    body: JSON.stringify({ model: 'gpt-4.1', messages }),
  });
  to.add({
    k: 'response',
    t: start + 40_000,
    x: id,
    status: 200,
    headers: [['content-type', 'application/json']],
    at: start + 40_000,
    ord: id,
    body: JSON.stringify({
      id: 'c',
      object: 'chat.completion',
      model: 'gpt-4.1',
      choices: [{ index: 0, finish_reason: 'stop', message }],
    }),
    end: { how: 'complete', at: start + 41_000, ord: id + 1 },
  });
  to.event({
    id: idOf(id),
    parent: idOf(1),
    runId: idOf(1),
    type: 'llm',
    name: 'chat gpt-4.1',
    start,
    end: start + 50_000,
    llm: {
      operation: 'chat',
      provider: 'openai',
      api: 'chat_completions',
      request: { model: 'gpt-4.1', messageCount: messages.length, ...(results && { toolResults: results }) },
      ...(calls.length > 0 && { response: { toolCalls: calls.map((name) => ({ id: `call_${name}`, name })) } }),
      usage: { input: 100 * id, output: 10 },
    },
    cost: { usd: 0.01 * id, priced: '2026-01-01' },
  });
}

/** A run of two calls with a tool between them: #1 the run, #2 a call, #3 the tool, #4 a call. */
function writeConversation(id: string, header: Partial<SessionLine> = {}): WrittenRecording {
  const recording = new WrittenRecording(dir, id, header);
  const first = [
    { role: 'system', content: 'Be brief.' },
    { role: 'user', content: 'Where is it?' },
  ];
  addCall(recording, { id: 2, start: 10_000, messages: first, calls: ['search'] });
  recording.add({ k: 'log', t: 70_000, on: idOf(3), stream: 'stdout', level: 'log', text: 'looking\u001b[2J for it\n' });
  recording.event({
    id: idOf(3),
    parent: idOf(1),
    runId: idOf(1),
    type: 'tool',
    name: 'execute_tool search',
    start: 65_000,
    end: 90_000,
    tool: { name: 'search', callId: 'call_search' },
    content: { arguments: { q: 1 }, result: 'in the \u001b]0;owned\u0007attic' },
  });
  const asked = {
    role: 'assistant',
    content: null,
    tool_calls: [{ id: 'call_search', type: 'function', function: { name: 'search', arguments: '{"q":1}' } }],
  };
  addCall(recording, {
    id: 4,
    start: 100_000,
    messages: [...first, asked, { role: 'tool', tool_call_id: 'call_search', content: 'in the attic' }],
    answer: 'In the attic.',
    results: ['call_search'],
  });
  recording.event({ id: idOf(1), type: 'agent', name: 'invoke_agent finder', start: 5_000, end: 160_000 });
  return recording.end({});
}

beforeAll(() => {
  folder = newFolder();
  dir = join(folder, '.hindcast');
  writeAgent(dir, 'ses_agent');
  writeConversation('ses_talk');
  const root = new WrittenRecording(dir, 'ses_root').event({
    id: idOf(101),
    type: 'tool',
    name: 'execute_tool delegate',
    start: 1000,
    end: 900_000,
  });
  root.event({ id: idOf(102), type: 'action', name: 'report', start: 950_000, end: 960_000 }).end({});
  new WrittenRecording(dir, 'ses_child', {
    epoch: EPOCH_US + 100_000,
    parent: 'ses_root',
    within: { trace: 'a'.repeat(32), span: idOf(101) },
  })
    .event({ id: idOf(103), type: 'action', name: 'inner', start: 5_000, end: 6_000 })
    .end({});
  new WrittenRecording(dir, 'ses_bare', { mode: 'metadata' })
    .event({
      id: idOf(1),
      type: 'llm',
      name: 'chat a',
      start: 10,
      end: 900,
      llm: { operation: 'chat', provider: 'openai', request: { model: 'a', messageCount: 2, tools: ['x'] } },
      attempts: [
        { at: 20, us: 30, status: 503 },
        { at: 60, us: 800, status: 200 },
      ],
    })
    .event({
      id: idOf(2),
      type: 'llm',
      name: 'chat b',
      start: 1000,
      end: 1900,
      llm: { operation: 'chat', provider: 'openai', request: { model: 'b', messageCount: 4 } },
    })
    .end({});
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Runs `hindcast step` with commands on stdin. */
async function step(session: string, commands: string[], ...options: string[]): Promise<Ended> {
  const running = startHindcast(['step', session, ...options], { cwd: folder, stdin: 'pipe' });
  running.child.stdin?.end(commands.map((command) => `${command}\n`).join(''));
  return running.ended;
}
const told = async (session: string, commands: string[], ...options: string[]): Promise<string> =>
  (await step(session, commands, ...options)).stdout;
/** What the last command printed, from the place that it was given at. */
const answer = async (session: string, at: string, command: string): Promise<string> =>
  (await told(session, [at, 'b', command])).split('h lists all forms.\n')[1] ?? '';

describe('R9 step, line by line', () => {
  test('walks through every moment, and back', async () => {
    expect(await told('ses_agent', ['n', 'n', 'b', 'n', '', 'p', 'G', 'n', 'q', 'n'])).toMatchInlineSnapshot(`
      "ses_agent  support 1.4.0  ok  moment 1 of 8
      [1/8] +0.010 s  ▸ #1 answer_customer begins
      [2/8] +0.012 s  ▸ #2 chat gpt-4.1-mini begins
            in #1 answer_customer
            context  1 message, 1 tool
      [3/8] +0.322 s  ← #2 chat gpt-4.1-mini answered 200  after 132 ms
            in #1 answer_customer
      No breakpoint is set. b llm, b error, b text:refund: h lists all forms.
      [4/8] +0.322 s  ✓ #2 chat gpt-4.1-mini ends  310 ms  212→18  $0.000114
            in #1 answer_customer
            says  asks for find_order
      [5/8] +0.330 s  ▸ #3 execute_tool find_order begins
            in #1 answer_customer
            arguments  {"order":"1"}
      [4/8] +0.322 s  ✓ #2 chat gpt-4.1-mini ends  310 ms  212→18  $0.000114
            in #1 answer_customer
            says  asks for find_order
      [8/8] +1.400 s  ✓ #1 answer_customer ends  1.39 s
      This is the last moment.
      "
    `);
  });

  test('into, out, up, over, jump', async () => {
    const at = async (...commands: string[]): Promise<string> =>
      (await told('ses_talk', commands))
        .trimEnd()
        .split('\n')
        .findLast((line) => line.startsWith('[')) ?? '';
    expect(await at('i')).toContain('▸ #2 chat gpt-4.1 begins');
    expect(await at('i', 'o')).toContain('✓ #1 invoke_agent finder ends');
    expect(await at('j 3', 'u')).toContain('▸ #1 invoke_agent finder begins');
    expect(await at('v')).toContain('✓ #1 invoke_agent finder ends');
    expect(await at('G', 'rv')).toContain('▸ #1 invoke_agent finder begins');
    expect(await at('j 3 end')).toContain('✓ #3 execute_tool search ends  25.0 ms');
    expect(await at('j @3')).toContain('[3/11] +0.051 s  ← #2 chat gpt-4.1 answered 200  after 40.0 ms');
    expect(await at('G', 'g')).toContain('[1/11]');
    expect(
      (await told('ses_talk', ['o', 'j 9', 'j', 'j 2 middle', 'j @99', 'p', 'j 3', 'i']))
        .split('\n')
        .filter((line) => !/^(\[| )/.test(line))
        .slice(1, -1),
    ).toEqual([
      'Nothing is around this.',
      'No event of ses_talk is number "9" or has an id that begins so.',
      'There are events 1 to 4, as in hindcast show ses_talk.',
      'jump needs the number of an event: j 7, or of a moment: j @12',
      'j 7 is where event 7 begins, j 7 end where it ends, j @12 moment 12.',
      'There are moments 1 to 11.',
      'This is the first moment.',
      'Nothing happened inside of #3.',
    ]);
  });

  test('breakpoints: set, listed, gone on and back to, deleted', async () => {
    expect(
      await told('ses_talk', [
        'b tool:search',
        'b cost>0.03',
        'b',
        'c',
        'c',
        '',
        'rc',
        'db 1',
        'b',
        'db',
        'b',
        'rc',
        'c text:/attic/',
        'rc llm',
        'c status:cancelled',
        'b nonsense',
        'cc',
        'contnue',
      ]),
    ).toMatchInlineSnapshot(`
      "ses_talk  ok  moment 1 of 11
      [1/11] +0.005 s  ▸ #1 invoke_agent finder begins
      breakpoint 1: tool:search
      breakpoint 2: cost>0.03
      1  tool:search
      2  cost>0.03
      stopped at: tool:search
      [5/11] +0.065 s  ▸ #3 execute_tool search begins
            in #1 invoke_agent finder
            arguments  {"q":1}
      stopped at: cost>0.03
      [10/11] +0.150 s  ✓ #4 chat gpt-4.1 ends  50.0 ms  400→10  $0.0400
            in #1 invoke_agent finder
            answer  In the attic.
      No breakpoint stops after this: this is the last moment.
      [11/11] +0.160 s  ✓ #1 invoke_agent finder ends  155 ms
      stopped at: cost>0.03
      [10/11] +0.150 s  ✓ #4 chat gpt-4.1 ends  50.0 ms  400→10  $0.0400
            in #1 invoke_agent finder
            answer  In the attic.
      deleted: tool:search
      1  cost>0.03
      No breakpoint is set any more.
      No breakpoint is set. b llm, b error, b text:refund: h lists all forms.
      No breakpoint is set: this is the first moment.
      [1/11] +0.005 s  ▸ #1 invoke_agent finder begins
      stopped at: text:/attic/
      [7/11] +0.090 s  ✓ #3 execute_tool search ends  25.0 ms
            in #1 invoke_agent finder
            result  in the attic
      stopped at: llm
      [2/11] +0.010 s  ▸ #2 chat gpt-4.1 begins
            in #1 invoke_agent finder
            context  2 messages
      Nothing after this is like that: status:cancelled
      "nonsense" is no breakpoint.
      llm, tool:search, error, text:refund, cost>0.01, event 7: h lists all forms.
      "cc" is no command: h lists them.
      "contnue" is no command; did you mean continue?
      "
    `);
  });

  test('the text of a message stops where it is said first, and not with each request that repeats it', async () => {
    const out = await told('ses_talk', ['b text:where is it', 'b text:"q":1', 'c', 'c', 'c', 'c']);
    expect(out.split('\n').filter((line) => line.startsWith('[') || line.startsWith('No b'))).toEqual([
      expect.stringContaining('[1/11]'),
      expect.stringContaining('#2 chat gpt-4.1 begins'),
      expect.stringContaining('No breakpoint stops after this'),
      expect.stringContaining('[11/11]'),
      expect.stringContaining('No breakpoint stops after this'),
      expect.stringContaining('[11/11]'),
      expect.stringContaining('No breakpoint stops after this'),
      expect.stringContaining('[11/11]'),
    ]);
  });

  test('the state, at the end of a tool', async () => {
    expect(await answer('ses_talk', 'j 3 end', 's')).toMatchInlineSnapshot(`
      "  clock      +0.090 s since the start, 2026-03-01 12:00:00.090
        in         #1 invoke_agent finder › #3 execute_tool search
        context    2 messages, in #2 chat gpt-4.1 (m, d)
        answered   #2 chat gpt-4.1: asks for search
        waits      search (call_search), asked for by #2: #3 has its result, no model was told yet
        arguments  {"q":1}
        result     in the attic
        printed    1 piece (l), the last: looking for it
        ● so far  1 LLM call, 1 tool, 200 in / 10 out tokens, $0.0200, 90 ms
      "
    `);
  });

  test('the context of a call: without its answer before that has come', async () => {
    expect(await answer('ses_talk', 'j 4', 'm')).toMatchInlineSnapshot(`
      "#4 chat gpt-4.1  not answered yet
        settings  {"model":"gpt-4.1"}
        system
          Be brief.
        user
          Where is it?
        assistant
          ▸ tool_call {"id":"call_search","name":"search","arguments":{"q":1}}
        tool
          ▸ tool_call_response {"id":"call_search","response":"in the attic"}
      "
    `);
    expect(await answer('ses_talk', 'j 4 end', 'm')).toContain('assistant answers (stop)\n    In the attic.');
    expect(await answer('ses_talk', 'g', 'm')).toBe('No model was called yet.\n');
  });

  test('the difference to the call before', async () => {
    expect(await answer('ses_talk', 'j 4', 'd')).toMatchInlineSnapshot(`
      "#2 chat gpt-4.1 → #4 chat gpt-4.1
        + input[2]  assistant: calls search {"q":1}
        + input[3]  tool: in the attic
      "
    `);
    expect(await answer('ses_talk', 'j 2', 'd')).toBe(
      '#2 chat gpt-4.1 is the first model call of its run: all of its context is new.\n',
    );
  });

  test('the tree with a marker, and what was printed so far', async () => {
    expect(await answer('ses_talk', 'j 3', 't')).toMatchInlineSnapshot(`
      "   1 ▸ invoke_agent finder
         2 ✓ ├─ chat gpt-4.1
      => 3 ▸ ├─ execute_tool search
         4   └─ chat gpt-4.1
      "
    `);
    expect(await answer('ses_talk', 'j 3', 'l')).toBe('Nothing was printed yet.\n');
    expect(await answer('ses_talk', 'G', 'l')).toBe('+0.070 s  stdout log: looking for it\n');
  });

  test('nothing that was recorded reaches the terminal as a control character', async () => {
    const out =
      (await told('ses_talk', ['j 3 end', 's', 'm', 'd', 'l', 't', 'G', 'rc error'])) +
      (await told('ses_agent', ['c error', 's', 'e']));
    expect(out).toContain('in the attic');
    // oxlint-disable-next-line no-control-regex -- control characters are what is looked for
    expect(out).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f]|owned/);
  });

  test('a recording without content says what is not there', async () => {
    expect(await told('ses_bare', ['n', 'n', 'G', 's', 'm', 'd', 'l'])).toMatchInlineSnapshot(`
      "ses_bare  ok  without content  moment 1 of 6
      [1/6] +0.000 s  ▸ #1 chat a begins
            context  2 messages, 1 tool
      [2/6] +0.000 s  ← #1 chat a answered 503  after 30 us
      [3/6] +0.001 s  ← #1 chat a answered 200  after 800 us
      [6/6] +0.002 s  ✓ #2 chat b ends  900 us
        clock     +0.002 s since the start, 2026-03-01 12:00:00.001
        in        #2 chat b
        context   4 messages, #1 had 2, in #2 chat b (m, d)
        answered  #2 chat b
        Without content: messages, arguments, results and logs are not in this recording.
        ● so far  2 LLM calls, 1 retry, tokens unknown, cost unknown, 2 ms
      #2 chat b  
        settings  {"model":"b"}
        Without content: what was said is not in this recording.
      #1 chat a → #2 chat b
        - settings.model  a
        + settings.model  b
        - tools[0]  x
        messages: 2 → 4
        Without content: the messages are not in this recording.
      Without content: what was printed is not in this recording.
      "
    `);
  });

  test('a call that the process died in shows its request as it was sent', async () => {
    const crashed = new WrittenRecording(dir, 'ses_died').open(idOf(1), 1000, 'chat gpt-4.1');
    crashed.add({
      k: 'request',
      t: 2000,
      x: 1,
      on: idOf(1),
      method: 'POST',
      url: 'https://a.example',
      headers: [],
      body: '{"model":"x","messages":[{"role":"user","content":"and then?"}]}',
    });
    const out = await told('ses_died', ['s', 'm', 'n', 'j 1 end', 'c text:then', 'rc text:then']);
    expect(out).toContain('  {"model":"x","messages":[{"role":"user","content":"and then?"}]}');
    expect(out).toContain('This is the last moment.\n#1 never ended.\nNothing after this is like that: text:then');
  });

  test('a family is one, with the numbers of show', async () => {
    const shown = (await hindcast(['show', 'ses_root'], { cwd: folder })).stdout;
    expect(shown).toMatch(/2 .*└─ inner/);
    const out = await told('ses_root', ['n', 'n', 'j 3']);
    expect(out).toContain('[2/6] +0.105 s  ▸ #2 inner begins');
    expect(out).toContain('▸ #3 report begins');
    expect(await told('ses_root', ['n', 'n'], '--alone')).not.toContain('inner');
  });

  test('--at and --break; what is asked for wrongly', async () => {
    expect(await told('ses_talk', ['c'], '--at', '3', '--break', 'llm', '--break', 'error')).toMatch(
      /▸ #3 .*\n(.*\n)*stopped at: llm\n\[\d+\/11\] .*▸ #4/,
    );
    const wrong = await step('ses_talk', [], '--break', 'nonsense');
    expect([wrong.code, wrong.stderr]).toEqual([
      2,
      'hindcast: "nonsense" is no breakpoint.\n  llm, tool:search, error, text:refund, cost>0.01, event 7: h lists all forms.\n',
    ]);
    const gone = await step('ses_talk', [], '--at', '77');
    expect([gone.code, gone.stderr]).toEqual([1, expect.stringContaining('No event of ses_talk is number "77"')]);
  });

  test('--json prints the moments', async () => {
    const { session, moments } = JSON.parse(await told('ses_talk', [], '--json')) as {
      session: SessionLine;
      moments: Record<string, unknown>[];
    };
    expect(session.id).toBe('ses_talk');
    expect(moments.map(({ kind, event }) => `${String(kind)} ${String(event)}`)).toEqual([
      'begin 1',
      'begin 2',
      'answer 2',
      'end 2',
      'begin 3',
      'log 3',
      'end 3',
      'begin 4',
      'answer 4',
      'end 4',
      'end 1',
    ]);
    expect(moments[3]).toEqual({
      moment: 4,
      kind: 'end',
      at: 60_000,
      event: 2,
      id: idOf(2),
      type: 'llm',
      name: 'chat gpt-4.1',
      run: idOf(1),
      status: 'ok',
    });
  });

  test('a session in which nothing happened', async () => {
    new WrittenRecording(dir, 'ses_empty').end({});
    const { stdout, code } = await step('ses_empty', ['n', 'p', 'i', 'o', 'v', 'c', 'rc', 's', 'm', 't', 'G', 'j 1']);
    expect([code, stdout]).toEqual([0, expect.stringContaining('Nothing was recorded.')]);
  });

  test('an expression that takes for ever is stopped', async () => {
    new WrittenRecording(dir, 'ses_slow')
      .event({ id: idOf(1), type: 'action', name: `${'a'.repeat(60)}!`, start: 0, end: 1 })
      .event({ id: idOf(2), type: 'action', name: 'b', start: 2, end: 3 })
      .end({});
    const out = await told('ses_slow', ['G', 'rc text:/^(a+)+$/', 'g']);
    expect(out).toContain('A breakpoint took more than 5 s');
    expect(out).toContain('[1/4]');
  });

  test('a session that is being recorded is read on at its end', async () => {
    const live = new WrittenRecording(dir, 'ses_live', { pid: process.pid, epoch: Date.now() * 1000 });
    live.add({ k: 'open', t: 1000, id: idOf(1), type: 'action', name: 'outer' });
    const running = startHindcast(['step', 'ses_live'], { cwd: folder, stdin: 'pipe' });
    const { stdin } = running.child;
    await until(() => running.stdout().includes('[1/1]'), 'the first moment');
    stdin?.write('n\n');
    await until(() => running.stdout().includes('Nothing more has happened yet'), 'nothing new');
    live.event({ id: idOf(2), parent: idOf(1), type: 'tool', name: 'execute_tool late', start: 2000, end: 3000 });
    stdin?.write('n\n');
    await until(() => running.stdout().includes('[2/3] +0.002 s  ▸ #2 execute_tool late begins'), 'what was written meanwhile');
    live.event({ id: idOf(1), type: 'action', name: 'outer', start: 1000, end: 4000 }).end({});
    stdin?.end('n\nn\nn\n');
    const { stdout, code } = await running.ended;
    expect(stdout).toContain('[4/4] +0.004 s  ✓ #1 outer ends');
    expect([code, stdout.trimEnd().split('\n').at(-1)]).toEqual([0, 'This is the last moment.']);
  });
});

describe('R9 step on a screen', () => {
  const screenOf = (
    columns: () => number,
    rows: () => number,
  ): { screen: StepScreen; session: StepSession; written: string[] } => {
    const open = () => openStepSource(join(dir, 'recordings/ses_talk.jsonl'), { alone: false });
    const session = new StepSession(open(), open);
    const written: string[] = [];
    const screen = new StepScreen(session, {
      paint: (_style, text) => text,
      verbose: false,
      columns,
      rows,
      write: (text) => void written.push(text),
    });
    return { screen, session, written };
  };
  const type = (screen: StepScreen, keys: string): void => {
    for (const key of keys) screen.press(key, { name: key === '\r' ? 'return' : key.toLowerCase() });
  };

  test('single keys, arrows, prompts', () => {
    const { screen, session } = screenOf(
      () => 80,
      () => 24,
    );
    const at = (keys: string): number => {
      type(screen, keys);
      return (session.moment?.index ?? -1) + 1;
    };
    expect([at('n'), at('nn'), at('p'), at('G'), at('g'), at('\r'), at('i')]).toEqual([2, 4, 3, 11, 1, 1, 2]);
    for (const name of ['down', 'up', 'left', 'right', 'end', 'home']) screen.press(undefined, { name });
    expect([at(''), at('j3\r'), at('bllm\r'), at('c'), at('rc'), at('rv'), at(':j 3 end\r'), at('/log\r')]).toEqual([
      1, 5, 5, 8, 2, 1, 7, 7,
    ]);
    expect(screen.frame().at(-1)).toBe('Nothing after this is like that: log');
    type(screen, 'jx');
    screen.press(undefined, { name: 'backspace' });
    expect(screen.frame().at(-1)).toBe(': j █');
    expect(screen.press(undefined, { name: 'c', ctrl: true })).toBe(true);
    expect(screen.press(undefined, { name: 'c', ctrl: true })).toBe(false);
    expect(screen.press('q', { name: 'q' })).toBe(false);
  });

  test('a view stays while one walks on; long ones are scrolled', () => {
    const { screen } = screenOf(
      () => 60,
      () => 12,
    );
    type(screen, 'j4\rm');
    const first = screen.frame().join('\n');
    expect(first).toContain('Be brief.');
    expect(first).toMatch(/── messages \(\d+ more lines: space\) ─/);
    screen.press(' ', { name: 'space' });
    expect(screen.frame().join('\n')).not.toContain('Be brief.');
    type(screen, 'p');
    expect(screen.frame().join('\n')).toContain('── messages');
    screen.press(undefined, { name: 'escape' });
    expect(screen.frame().join('\n')).toContain('── state');
  });

  test('fits every size, and is drawn in one write', () => {
    let columns = 80;
    let rows = 24;
    const { screen, written } = screenOf(
      () => columns,
      () => rows,
    );
    for (const key of ['s', 'm', 'd', 't', 'l', 'e', 'h', 'n', 'G']) {
      type(screen, key);
      for (const size of [
        [80, 24],
        [20, 8],
        [200, 60],
        [1, 1],
        [7, 3],
      ]) {
        [columns = 0, rows = 0] = size;
        const lines = screen.frame();
        expect(lines.length).toBe(rows);
        expect(lines.filter((line) => cells(line) > columns || line.includes('\n'))).toEqual([]);
      }
    }
    screen.draw();
    expect(written.length).toBe(1);
    expect(written[0]).not.toContain('\u001b[2J');
  });
});

const hasScript = spawnSync('script', ['--version'], { encoding: 'utf8' }).stdout?.includes('util-linux') ?? false;
if (!hasScript) console.warn('skipped: `script` of util-linux is not here, so there is no pseudo terminal');

describe.skipIf(!hasScript)('R9 step in a pseudo terminal', () => {
  async function inTerminal(
    act: (press: (keys: string) => void, sees: (text: string) => Promise<void>) => Promise<void>,
    env: NodeJS.ProcessEnv = {},
  ): Promise<{ out: string; code: number | null }> {
    // `script` may end before it has read the last of what a program wrote that is gone: a word behind it says that all is read.
    const command = `stty cols 70 rows 20; '${process.execPath}' '${MAIN}' step ses_talk; code=$?; echo over; read rest; exit $code`;
    const child = spawn('script', ['-qec', command, '/dev/null'], {
      cwd: folder,
      env: cleanEnv({ TERM: 'xterm-256color', SHELL: '/bin/sh', ...env }),
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    let out = '';
    let seen = 0;
    child.stdout.setEncoding('utf8').on('data', (text: string) => (out += text));
    const ended = new Promise<number | null>((resolve) => child.once('close', resolve));
    const sees = async (text: string): Promise<void> => {
      await until(() => stripVTControlCharacters(out.slice(seen)).includes(text), `${text} on the screen`);
      seen = out.length;
    };
    try {
      await act((keys) => void child.stdin.write(keys), sees);
      await until(() => out.includes('over'), 'the end');
      child.stdin.end('\r');
      return { out, code: await ended.then((code) => code) };
    } finally {
      child.kill();
    }
  }

  test('keys need no Enter; the shell gets its screen back', async () => {
    const { out, code } = await inTerminal(async (press, sees) => {
      await sees('moment 1 of 11');
      press('n');
      await sees('moment 2 of 11');
      press('\u001b[B');
      await sees('moment 3 of 11');
      press('b');
      await sees(': b █');
      press('tool:search\r');
      await sees('breakpoint 1: tool:search');
      press('c');
      await sees('stopped at: tool:search');
      press('d');
      await sees('── diff');
      press('q');
    });
    expect(code).toBe(0);
    expect(out.startsWith(ENTER_SCREEN)).toBe(true);
    expect(out).toContain(`${LEAVE_SCREEN}over`);
    // oxlint-disable-next-line no-control-regex -- no colour, by NO_COLOR
    expect(out).not.toMatch(/\u001b\[[\d;]*m/);
  });

  test('Ctrl-C ends it; colours are there unless NO_COLOR is', async () => {
    const { out, code } = await inTerminal(
      async (press, sees) => {
        await sees('moment 1 of 11');
        press('\u0003');
      },
      // In a terminal of a CI service, Node sees no colours.
      { NO_COLOR: undefined, CI: undefined },
    );
    expect(code).toBe(0);
    expect(out).toContain('\u001b[1m');
    expect(out).toContain(`${LEAVE_SCREEN}over`);
  });
});
