/** Q4 `explain()`: of the session that runs, of one that has ended, of a family; in a process with a client and in one without. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { currentSession, explain, init, recordDecision, recordTool, shutdown, startSession } from '../../src/index.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'hindcast-explain-'));
});
afterEach(async () => {
  await shutdown();
  rmSync(folder, { recursive: true, force: true });
});

const fails = recordTool('track_parcel', () => {
  throw new TypeError('no parcel');
});
const outer = recordTool('answer', async () => {
  recordDecision({ type: 'tool_selection', reasonCode: 'accuracy_required' });
  try {
    fails();
  } catch {
    // Goes on.
  }
  return explain();
});

describe('Q4 explain()', () => {
  test('the session of the running code, as far as it has come', async () => {
    init({ dir: folder, quiet: true, record: 'full' });
    const explained = await outer();
    expect(explained).toMatchObject({
      version: 1,
      session: { id: currentSession().id, mode: 'full' },
      outcome: { status: 'running' },
      failures: [{ event: { number: 2, name: 'execute_tool track_parcel' }, message: 'no parcel' }],
      notOk: [{ status: 'open' }, { status: 'error' }],
      decisions: [{ reasonCode: 'accuracy_required', meaning: 'accuracy was needed' }],
    });
  });

  test('by id, in each form, and with the sessions that are part of it', async () => {
    init({ dir: folder, quiet: true, record: 'full' });
    const parent = startSession({ id: 'ses_parent' });
    const child = parent.run(() => startSession({ id: 'ses_child' }));
    expect(() => child.run(() => fails())).toThrow('no parcel');
    child.end();
    parent.end();
    const alone = await explain('ses_parent');
    expect([alone?.headline, alone?.session.children]).toEqual(['The session ended well; no events were recorded.', []]);
    const both = await explain('ses_parent', { children: true });
    expect([both?.session.children, both?.failures.length]).toEqual([['ses_child'], 1]);
    const failed = await explain('ses_child');
    const text: string | undefined = await explain('ses_child', { format: 'text' });
    expect(text?.split('\n')[0]).toBe(failed?.headline);
    expect(failed?.headline).toMatch(/^The session failed at execute_tool track_parcel/);
    expect(await explain('ses_child', { format: 'markdown' })).toMatch(/^# The session failed at `execute_tool track_parcel`/);
  });

  test('nothing is known: undefined, and no throw', async () => {
    expect(await explain('ses_none')).toBeUndefined();
    init({ dir: folder, quiet: true, record: 'full' });
    expect(await explain()).toBeUndefined();
    expect(await explain({ format: 'text' })).toBeUndefined();
    expect(await explain(null as never, null as never)).toBeUndefined();
    expect(await explain('ses_none')).toBeUndefined();
  });
});
