import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { readRecording, summariseRecording } from '../../src/recording/recording.ts';
import { repairRecording, verifyRecording } from '../../src/recording/verify.ts';
import { scratchFolder } from './support.ts';

const KILLS = 200;
const AT_A_TIME = 4;

const program = (name: string): string => join(import.meta.dirname, 'programs', name);

/** Runs the writer and kills it some time after its first word; returns what it said in whole lines. */
async function killedAfter(dir: string, delayMs: number): Promise<string[]> {
  const child = spawn(process.execPath, [program('writer.ts'), dir], { stdio: ['ignore', 'pipe', 'inherit'] });
  let said = '';
  child.stdout.setEncoding('latin1').on('data', (text: string) => (said += text));
  await once(child.stdout, 'data');
  await pause(delayMs);
  child.kill('SIGKILL');
  await once(child, 'close');
  return said.slice(0, said.lastIndexOf('\n')).split('\n');
}

describe('R3 kill -9', () => {
  it(
    `at ${KILLS} moments: no event that had ended is missing, and one that had begun is known`,
    { timeout: 180_000 },
    async () => {
      const dir = scratchFolder();
      let acknowledged = 0;
      const kills = Array.from({ length: KILLS }, (_, index) => index);
      const worker = async (): Promise<void> => {
        for (let index = kills.pop(); index !== undefined; index = kills.pop()) {
          const folder = join(dir, String(index));
          const said = await killedAfter(folder, (index * 7.3) % 23);
          const path = join(folder, 'ses_killed.jsonl');
          const { state, problems } = verifyRecording(path);
          expect(state).toBe('crashed');
          expect(problems.filter((problem) => problem.kind !== 'torn')).toEqual([]);
          const recording = readRecording(path);
          const ended = new Set(recording.events.map((event) => event.id));
          const known = new Set([...ended, ...recording.open.map((line) => line.id)]);
          for (const line of said) {
            const [what, id] = line.split(' ') as [string, string];
            expect(what === 'event' ? ended : known, `kill ${index}: ${line}`).toContain(id);
          }
          acknowledged += said.length;
          for (let x = 1; x <= ended.size; x++) {
            expect(recording.exchanges.get(x)?.end?.how).toBe('complete');
            expect(recording.exchanges.get(x)?.requestText()).toMatch(new RegExp(`^${x} ж{900}$`));
            expect(recording.exchanges.get(x)?.responseText()).toMatch(/^data: 0 ж+\n\ndata: 1 /);
          }
          expect(summariseRecording(path)).toMatchObject({ state: 'crashed', events: ended.size });
          if (problems.length > 0) expect(repairRecording(path).kept).toBeGreaterThanOrEqual(ended.size * 4);
        }
      };
      await Promise.all(Array.from({ length: AT_A_TIME }, worker));
      expect(acknowledged).toBeGreaterThan(KILLS);
    },
  );

  it('news of an event that began is on disk while the loop sleeps', async () => {
    const dir = scratchFolder();
    const child = spawn(process.execPath, [program('waiter.ts'), dir], { stdio: ['pipe', 'pipe', 'inherit'] });
    await once(child.stdout, 'data');
    child.stdin.write('go');
    const path = join(dir, 'ses_waiting.jsonl');
    for (const until = Date.now() + 10_000; !existsSync(path) && Date.now() < until;) await pause(5);
    await pause(5);
    expect(summariseRecording(path).state).toBe('recording');
    child.kill('SIGKILL');
    await once(child, 'close');
    expect(readRecording(path)).toMatchObject({ state: 'crashed', open: [{ name: 'chat' }] });
  });
});
