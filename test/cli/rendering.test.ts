import { describe, expect, test } from 'vitest';
import { readFileSync } from 'node:fs';
import { stripVTControlCharacters } from 'node:util';
import type { OpenLine } from '../../src/events/lines.ts';
import type { SpanEvent } from '../../src/events/model.ts';
import { duration, money, offset, size, tokens } from '../../src/analysis/figures.ts';
import { cells, clip, oneLine, pad, printable } from '../../src/cli/printable.ts';
import { renderEvent } from '../../src/cli/event-view.ts';
import { NODE_MIN_TEXT, nodeRecords } from '../../src/cli/node-version.ts';
import { renderTree } from '../../src/cli/session-view.ts';
import { table } from '../../src/cli/table.ts';
import { openTerminal, type Terminal } from '../../src/cli/terminal.ts';
import { buildTree, walk } from '../../src/cli/tree.ts';

const plain: Terminal = { ...openTerminal({}), width: Infinity, paint: (_style, text) => text };

/** An event with what a test says about it. */
function event(id: number, given: Partial<SpanEvent> = {}): SpanEvent {
  return {
    id: id.toString(16).padStart(16, '0'),
    trace: 'a'.repeat(32),
    type: 'tool',
    name: `event ${id}`,
    start: id * 1000,
    end: id * 1000 + 500,
    status: 'ok',
    ...given,
  };
}

const idOf = (id: number): string => id.toString(16).padStart(16, '0');

test('the Node that is asked for is that of package.json', () => {
  const { engines } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as {
    engines: { node: string };
  };
  expect(engines.node).toBe(`>=${NODE_MIN_TEXT}.0`);
  expect(['20.20.2', '22.14.9', '22.15.0', '23.0.0', '24.21.0'].map(nodeRecords)).toEqual([false, false, true, true, true]);
});

describe('untrusted text', () => {
  test.each([
    ['a window title', '\u001b]0;owned\u0007after', 'after'],
    ['a clipboard write', '\u001b]52;c;aGk=\u001b\\after', 'after'],
    ['colours and a cleared screen', '\u001b[2J\u001b[31mred\u001b[0m', 'red'],
    ['an 8-bit CSI', '\u009b31mred', 'red'],
    ['a lone escape', 'a\u001bb\u0008c\u0000d', null],
    ['a carriage return that hides what was before', 'real\rfake', 'real\nfake'],
    ['a right-to-left override', 'a\u202egnp.exe', 'agnp.exe'],
  ])('%s does not reach the terminal', (_what, text, expected) => {
    const shown = printable(text);
    // oxlint-disable-next-line no-control-regex -- this is what must not be there
    expect(shown).not.toMatch(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u202a-\u202e]/);
    if (expected !== null) expect(shown).toBe(expected);
  });

  test('tabs, line ends and all other scripts stay', () => {
    expect(printable('a\tb\nc\r\nd 日本 é 🥾')).toBe('a\tb\nc\nd 日本 é 🥾');
    expect(oneLine(' a\n\n b\t c ')).toBe('a b c');
  });

  test('a tree of hostile names is one line an event, with no escape in it', () => {
    const roots = buildTree({
      events: [
        event(1, {
          name: 'chat \u001b]0;x\u0007\nforged line',
          status: 'error',
          error: { type: 'E\u001b[2J' },
          content: { error: { message: 'm\u001b[1A\nn' } },
        }),
      ],
      open: [],
    });
    const lines = renderTree(roots, plain, { alive: false });
    expect(lines).toHaveLength(3);
    expect(lines.join('')).not.toContain('\u001b');
    expect(lines[1]).toContain('chat forged line');
  });
});

describe('widths', () => {
  test('wide characters take two cells, combining ones none, colours none', () => {
    expect([cells('abc'), cells('日本'), cells('e\u0301'), cells('\u001b[31mab\u001b[39m'), cells('🥾')]).toEqual([
      3, 4, 1, 2, 2,
    ]);
  });

  test('clip never exceeds its width and says that it cut', () => {
    for (const text of ['abcdefghij', '日本語日本語', 'a日b本c語']) {
      for (let width = 1; width < 14; width++) {
        const cut = clip(text, width);
        expect(cells(cut)).toBeLessThanOrEqual(width);
        expect(cut === text || cut.endsWith('…')).toBe(true);
      }
    }
    expect(pad('日', 4, 'right')).toBe('  日');
  });

  test('a table fits the terminal by cutting the columns that may give way, and a pipe gets everything', () => {
    const columns = [{ title: 'id' }, { title: 'name', gives: true as const }, { title: 'n', side: 'right' as const }];
    const rows = [['abcdef', 'x'.repeat(60), '12'], { under: 1, text: 'y'.repeat(90) }];
    const narrow = table(columns, rows, { ...plain, width: 40 });
    expect(narrow.map(cells).every((width) => width <= 40)).toBe(true);
    expect(narrow[1]).toMatch(/^abcdef {2}x+… {2}12$/);
    expect(table(columns, rows, plain)[2]).toBe(`        ${'y'.repeat(90)}`);
  });

  test('a column that says nothing is left out', () => {
    expect(
      table(
        [{ title: 'a' }, { title: 'b' }],
        [
          ['1', ''],
          ['2', ''],
        ],
        plain,
      ),
    ).toEqual(['a', '1', '2']);
  });
});

describe('figures', () => {
  test.each([
    [duration(12), '12 us'],
    [duration(99_949), '99.9 ms'],
    [duration(99_951), '100 ms'],
    [duration(999_600), '1.00 s'],
    [duration(59_996_000), '1m 00s'],
    [duration(3_725_000_000), '1h 02m'],
    [offset(12_345), '+0.012 s'],
    [money(0), '$0'],
    [money(0.0000004), '<$0.000001'],
    [money(0.00012), '$0.00012'],
    [money(0.0042), '$0.0042'],
    [money(0.1234), '$0.1234'],
    [money(12.345), '$12.35'],
    [tokens(undefined, undefined), ''],
    [tokens(0, 5), '0→5'],
    [tokens(7, undefined), '7→?'],
    [size(1023), '1023 B'],
    [size(1536), '1.5 KB'],
    [size(5 * 1024 ** 3), '5.0 GB'],
  ])('%s is %s', (said, expected) => {
    expect(said).toBe(expected);
  });
});

describe('the tree', () => {
  test('children stand under their parent in the order they began, numbered as shown', () => {
    const events = [
      event(4, { parent: idOf(1) }),
      event(3, { parent: idOf(2) }),
      event(2, { parent: idOf(1) }),
      event(1),
      event(5),
    ];
    const roots = buildTree({ events, open: [] });
    expect([...walk(roots)].map(({ node, branch }) => `${node.number} ${branch}${node.name}`)).toEqual([
      '1 event 1',
      '2 ├─ event 2',
      '3 │  └─ event 3',
      '4 └─ event 4',
      '5 event 5',
    ]);
  });

  test('an event whose parent is a span of the app is a root', () => {
    expect(buildTree({ events: [event(1, { parent: 'f'.repeat(16) })], open: [] })).toHaveLength(1);
  });

  test('parents in a circle lose no event and end', () => {
    const roots = buildTree({
      events: [event(1, { parent: idOf(2) }), event(2, { parent: idOf(1) }), event(3, { parent: idOf(3) })],
      open: [],
    });
    expect([...walk(roots)].map(({ node }) => node.name).toSorted()).toEqual(['event 1', 'event 2', 'event 3']);
  });

  test('nesting 20,000 deep does not end the stack', () => {
    const events = Array.from({ length: 20_000 }, (_, i) => event(i + 1, i === 0 ? {} : { parent: idOf(i) }));
    let n = 0;
    for (const { node } of walk(buildTree({ events, open: [] }))) n = node.number;
    expect(n).toBe(20_000);
  });

  test('an open event is running while the process lives, and unfinished when it died', () => {
    const open: OpenLine[] = [{ s: 1, k: 'open', t: 5, id: idOf(1), type: 'llm', name: 'chat gpt' }];
    const roots = buildTree({
      events: [],
      open,
      notes: [{ on: idOf(1), n: { kind: 'failure', at: 9, type: 'model', code: 'timeout' } }],
    });
    expect(renderTree(roots, plain, { alive: true })[1]).toMatch(/chat gpt {2}running$/);
    expect(renderTree(roots, plain, { alive: false })).toEqual([
      expect.any(String),
      expect.stringMatching(/unfinished$/),
      expect.stringContaining('failure model: timeout'),
    ]);
  });

  test('what is worth knowing about a call stands below it', () => {
    const call = event(1, {
      type: 'llm',
      name: 'chat gpt-4.1-mini',
      llm: {
        operation: 'chat',
        provider: 'openai',
        request: { model: 'gpt-4.1-mini' },
        response: { toolCalls: [{ name: 'find_order', id: 'call_1' }] },
        usage: { input: 812, output: 96 },
        firstChunkUs: 120_000,
      },
      cost: { usd: 0.00048, priced: '2025-08-31' },
      attempts: [
        { at: 0, us: 10, status: 503 },
        { at: 20, us: 10, error: 'ECONNRESET' },
        { at: 40, us: 10, status: 200 },
      ],
      notes: [
        {
          kind: 'decision',
          at: 7,
          type: 'tool_selection',
          reasonCode: 'tool_unavailable',
          confidence: 0.8,
          content: { selected: 'b', candidates: ['a', 'b'] },
        },
        { kind: 'signal', at: 8, type: 'schema_valid', code: 'custom', value: true, unknownCode: true },
      ],
    });
    expect(renderTree(buildTree({ events: [call], open: [] }), plain, { alive: false })).toMatchInlineSnapshot(`
      [
        "#        at    took  event              tokens      cost  first chunk  status",
        "1  +0.001 s  500 us  chat gpt-4.1-mini  812→96  $0.00048       120 ms  ok",
        "                        3 attempts: 503 ECONNRESET 200",
        "                        asks for find_order",
        "                        decision tool_selection: tool_unavailable → b (of 2, confidence 0.8)",
        "                        signal schema_valid: custom is true (not in the vocabulary)",
      ]
    `);
  });
});

describe('one event', () => {
  test('attempts show their headers, messages their parts', () => {
    const lines = renderEvent(
      {
        event: event(1, {
          type: 'llm',
          llm: { operation: 'chat', provider: 'openai', request: { model: 'm', temperature: 0 } },
          attempts: [{ at: 1000, us: 2500, status: 200, requestId: 'req_1' }],
        }),
        attempts: [
          {
            method: 'POST',
            url: 'http://127.0.0.1/v1/chat/completions',
            status: 200,
            requestHeaders: [['authorization', '<redacted>']],
            responseHeaders: [['x-request-id', 'req_1']],
            end: 'complete',
            responseBytes: 42,
          },
        ],
        messages: {
          system: [{ type: 'text', content: 'Be\u001b[2J brief.' }],
          input: [{ role: 'user', parts: [{ type: 'text', content: 'two\nlines' }] }],
          output: [
            {
              role: 'assistant',
              finish_reason: 'tool_call',
              parts: [{ type: 'tool_call', id: 'c1', name: 'look', arguments: { a: 1 } }],
            },
          ],
        },
      },
      plain,
    );
    expect(stripVTControlCharacters(lines.join('\n'))).toBe(lines.join('\n'));
    expect(lines.join('\n')).toMatchInlineSnapshot(`
      "event 1
        id         0000000000000001
        trace      aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa
        type       llm
        status     ok
        at         +0.001 s
        took       500 us
        operation  openai chat
        model      m
        settings   temperature 0
        tokens     the provider did not say

      attempts
        1. POST http://127.0.0.1/v1/chat/completions 200 in 2.5 ms, sent +0.001 s, req_1
           > authorization: <redacted>
           < x-request-id: req_1
           body complete, 42 bytes

      system
          Be brief.

      request
        user
          two
          lines

      answer
        assistant (tool_call)
          ▸ tool_call {"id":"c1","name":"look","arguments":{"a":1}}"
    `);
  });

  test('a long value is cut, and says how to see the rest', () => {
    const content = { result: Array.from({ length: 100 }, (_, i) => i) };
    const short = renderEvent({ event: event(1, { content }), attempts: [] }, plain);
    const long = renderEvent({ event: event(1, { content }), attempts: [] }, { ...plain, verbose: true });
    expect(short.at(-1)).toContain('62 more lines: --verbose');
    expect(long.length - short.length).toBe(61);
  });
});
