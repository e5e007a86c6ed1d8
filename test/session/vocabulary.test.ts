import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { onNotice } from '../../src/core/diagnostics.ts';
import { isKnownCode, isKnownStep, registerVocabulary } from '../../src/events/custom-vocabulary.ts';
import type { SpanEvent } from '../../src/events/model.ts';
import { DECISION_CODES, FAILURE_CODES, SIGNAL_CODES, STEP_TYPES } from '../../src/events/vocabulary.ts';
import { recordDecision, recordFailure, recordQualitySignal } from '../../src/session/notes.ts';
import { startRun } from '../../src/session/runs.ts';
import { startRig } from './rig.ts';
import type { Rig } from './rig.ts';

const run = promisify(execFile);
let rig: Rig;
let said: string[];
beforeEach(() => {
  rig = startRig();
  said = [];
  onNotice((text) => said.push(text));
  said.length = 0;
});
afterEach(() => {
  onNotice(null);
  rig.stop();
});
const events = (): SpanEvent[] => rig.recordings.ids().flatMap((id) => rig.recordings.events(id));

describe('S9 the vocabulary', () => {
  it('is that of SPEC.md', () => {
    expect(STEP_TYPES).toEqual(['plan', 'retrieve', 'tool', 'respond', 'other']);
    expect(Object.keys(FAILURE_CODES)).toEqual(['tool', 'model', 'retrieval', 'orchestration']);
    const count = (codes: Record<string, readonly string[]>): number => Object.values(codes).flat().length;
    expect([FAILURE_CODES, DECISION_CODES, SIGNAL_CODES].map(count)).toEqual([25, 25, 25]);
    for (const [kind, table] of [
      ['failure', FAILURE_CODES],
      ['decision', DECISION_CODES],
      ['signal', SIGNAL_CODES],
    ] as const)
      for (const [type, codes] of Object.entries(table))
        for (const code of codes) expect(isKnownCode(kind, type, code), `${kind} ${type} ${code}`).toBe(true);
    expect(isKnownCode('failure', 'constructor', 'name')).toBe(false);
    expect(isKnownStep('toString')).toBe(false);
  });
});

describe('X4 words of an app’s own', () => {
  it('are kept and flagged where nobody registered them, and said once', () => {
    const made = startRun();
    made.step('dream' as never, 'd', () => {
      recordFailure({ type: 'tool', code: 'never_registered' } as never);
      recordFailure({ type: 'tool', code: 'never_registered' } as never);
      recordDecision({ type: 'nowhere', reasonCode: 'because' } as never);
      recordQualitySignal({ type: 'tool_success', code: 'a sentence of somebody’s', value: true } as never);
    });
    made.step('dream' as never, 'd', () => {});
    made.end();
    const [step] = events();
    expect(step!.step).toEqual({ seq: 1, type: 'dream', unknownType: true, attempt: 1 });
    expect(step!.notes).toMatchObject([
      { type: 'tool', code: 'never_registered', unknownCode: true },
      { type: 'tool', code: 'never_registered', unknownCode: true },
      { type: 'nowhere', reasonCode: 'because', unknownCode: true },
      { type: 'tool_success', code: 'invalid', unknownCode: true },
    ]);
    expect(said.map((text) => text.split(' is not ')[0])).toEqual([
      'step type dream',
      'failure tool: never_registered',
      'decision nowhere: because',
      'signal tool_success: invalid',
    ]);
  });

  it('are known when they were registered, as often as one likes', () => {
    const words = {
      failure: { tool: ['sandbox_denied'], ledger: ['unbalanced', 'locked'] },
      decision: { plan_shape: ['tree'] },
      signal: { groundedness: ['cited'] },
      step: ['validate'],
    };
    registerVocabulary(words);
    registerVocabulary(words);
    const made = startRun();
    made.step('validate' as never, 'v', () => {
      recordFailure({ type: 'tool', code: 'sandbox_denied' } as never);
      recordFailure({ type: 'tool', code: 'timeout' });
      recordFailure({ type: 'ledger', code: 'locked' } as never);
      recordDecision({ type: 'plan_shape', reasonCode: 'tree' } as never);
      recordQualitySignal({ type: 'groundedness', code: 'cited', value: false } as never);
    });
    made.end();
    expect(events()[0]!.step).toEqual({ seq: 1, type: 'validate', attempt: 1 });
    expect(events()[0]!.notes!.filter(({ unknownCode }) => unknownCode)).toEqual([]);
    expect(isKnownCode('failure', 'model', 'sandbox_denied')).toBe(false);
    expect(isKnownCode('decision', 'tool', 'sandbox_denied')).toBe(false);
    expect(said).toEqual([]);
  });

  it.each<[unknown, RegExp]>([
    [{ failure: { tool: ['Two Words'] } }, /failure.tool: "Two Words" is no word/],
    [{ failure: { 'my-type': ['a'] } }, /failure: "my-type" is no word/],
    [{ failure: { tool: 'denied' } }, /failure.tool takes a list/],
    [{ failure: ['denied'] }, /failure takes an object/],
    [{ step: ['ok_here', 7] }, /step: 7 is no word/],
    [{ failures: {} }, /knows no "failures"/],
    [null, /takes an object/],
  ])('are checked: %j', (vocabulary, message) => {
    expect(() => registerVocabulary(vocabulary as never)).toThrow(message);
    expect(isKnownStep('ok_here')).toBe(false);
  });

  it('may be registered before `init()`, and what is not is said on stderr once, in a process that goes on', async () => {
    const dir = mkdtempSync(join(tmpdir(), 'hindcast-words-'));
    const index = join(import.meta.dirname, '../../src/index.ts');
    const program = `
      const { init, recordFailure, recordTool, registerVocabulary, shutdown } = await import(${JSON.stringify(index)});
      registerVocabulary({ failure: { tool: ['sandbox_denied'] } });
      init({ dir: ${JSON.stringify(join(dir, '.hindcast'))} });
      const tool = recordTool('t', (code) => recordFailure({ type: 'tool', code }));
      for (const code of ['sandbox_denied', 'sulked', 'sulked']) tool(code);
      await shutdown();
      console.log('done');`;
    try {
      const { stdout, stderr } = await run(process.execPath, ['--input-type=module', '-e', program], { cwd: dir });
      expect(stdout).toBe('done\n');
      expect(stderr.split('\n').filter((line) => line.includes('vocabulary'))).toEqual([
        expect.stringContaining('failure tool: sulked is not in the vocabulary'),
      ]);
    } finally {
      rmSync(dir, { recursive: true, force: true });
    }
  });
});
