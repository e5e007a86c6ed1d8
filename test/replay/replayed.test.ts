/** Programs of concurrent calls are recorded, the server is stopped, and they are run again: their output and exit code must be the same to the last byte. */
import { describe, expect, it } from 'vitest';
import { recordProgram, recordText } from './recorded.ts';

const RUNS = Number(process.env['HINDCAST_TEST_RUNS'] ?? 5);

describe.each(['tool-loop', 'fan-out', 'stream-retry', 'many-sdks'])('R4, R5, R13 %s', (name) => {
  it(`is replayed exactly, ${RUNS} of ${RUNS}`, { timeout: RUNS * 60_000 }, async () => {
    for (let run = 0; run < RUNS; run++) {
      const recorded = await recordProgram(name);
      const { ran } = recorded;
      expect(recorded.asked).toBeGreaterThan(0);
      const again = await recorded.replay();
      expect({ stdout: again.stdout, code: again.code, summary: again.summary }).toEqual({
        stdout: ran.stdout,
        code: ran.code,
        summary: expect.stringMatching(/^✓ .* answered from the recording/),
      });
      // Each request was known by who asked for it.
      expect(again.summary).not.toMatch(/found by|code is not/);
      expect(recorded.recording().problems).toEqual([]);
    }
  });
});

it.each(['tool-loop', 'many-sdks'])(
  '%s: each request is one exchange, of its event where it has one, with what came back',
  async (name) => {
    const recorded = await recordProgram(name);
    const { exchanges, events } = recorded.recording();
    expect(exchanges.size).toBe(recorded.asked);
    for (const exchange of exchanges.values()) {
      expect(exchange.asked?.lin).toMatch(/^[0-9a-f]{16}$/);
      expect(exchange.requestBody() !== undefined).toBe(exchange.method === 'POST');
      // An SDK leaves the body of an answer that makes it try again.
      if (exchange.status === 200) {
        expect(exchange.end?.how).toMatch(/^(complete|cancelled)$/);
        expect(exchange.responseBody()!.length).toBeGreaterThan(0);
      }
    }
    // Some SDKs hand on their promises so that V8 loses the line that waits for them.
    expect([...exchanges.values()].filter(({ asked }) => asked?.where?.includes('.mjs:')).length).toBeGreaterThan(0);
    const ofCalls = events.filter(({ type }) => type === 'llm').map(({ id }) => id);
    const on = new Set([...exchanges.values()].map((exchange) => exchange.on));
    expect(ofCalls.length).toBeGreaterThan(0);
    expect(ofCalls.filter((id) => !on.has(id))).toEqual([]);
  },
);

describe('each part is needed', () => {
  const outcomes = async (name: string, without: string): Promise<boolean> => {
    const recorded = await recordProgram(name);
    const again = await recorded.replay({ HINDCAST_REPLAY_WITHOUT: without });
    return again.stdout === recorded.ran.stdout && again.code === recorded.ran.code;
  };

  it.each(['tool-loop', 'fan-out'])('no run of %s is the same without clock and dice', async (name) => {
    expect(await outcomes(name, 'draws')).toBe(false);
  });

  it('nor one of fan-out without the order', async () => {
    expect(await outcomes('fan-out', 'gate')).toBe(false);
  });

  it('a CommonJS script that branches before anything else is replayed exactly', async () => {
    const script = SAME_PROMPTS.replace(/import \{ (\w+) \} from '(node:\w+)';/g, "const { $1 } = require('$2');").replace(
      /console.log\(\(await (.*)\)\.join\((.*?)\)\);/,
      '$1.then((all) => console.log(all.join($2)));',
    );
    const recorded = await recordText(script, 'program.cjs');
    expect([recorded.asked, recorded.ran.code]).toEqual([8, 0]);
    for (let run = 0; run < 4; run++)
      expect((await recorded.replay({ HINDCAST_OF_THIS_RUN: String(run) })).stdout).toBe(recorded.ran.stdout);
  });

  it('same prompts behind turns that nobody counted get the answers of others without lineage', async () => {
    const recorded = await recordText(SAME_PROMPTS);
    for (let run = 0; run < 4; run++)
      expect((await recorded.replay({ HINDCAST_OF_THIS_RUN: String(run) })).stdout).toBe(recorded.ran.stdout);
    const outputs = await Promise.all(
      [1, 2, 3, 4].map(
        async (salt) =>
          (await recorded.replay({ HINDCAST_REPLAY_WITHOUT: 'lineage', HINDCAST_OF_THIS_RUN: String(salt) })).stdout,
      ),
    );
    expect(outputs.every((stdout) => stdout === recorded.ran.stdout)).toBe(false);
  });
});

/** Eight of the same request, in an order that is another in each run: of a variable that no recording holds. */
const SAME_PROMPTS = `
  import { createHash } from 'node:crypto';
  const turns = (index) => createHash('md5').update(process.env.HINDCAST_OF_THIS_RUN + ' ' + index).digest()[0];
  const later = async (count) => {
    for (let turn = 0; turn < count; turn++) await null;
  };
  const one = async (index) => {
    await later(turns(index));
    const { said } = await (await fetch(process.env.MODEL_URL + '/weather')).json();
    return index + ' ' + said;
  };
  console.log((await Promise.all([0, 1, 2, 3, 4, 5, 6, 7].map(one))).join('\\n'));
`;
