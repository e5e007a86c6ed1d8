/** What the types of events, wrappers and decorators let through and what they do not. Checked by `npm run typecheck`; nothing here runs. */
import { expectTypeOf } from 'vitest';
import { record, recordAction, recordTool, track, trackAgent } from 'hindcast';
import type { ActionEvent, CustomEvent, ErrorEvent, EventInput, LLMEvent, ToolEvent } from 'hindcast';

export function narrowing(event: EventInput<'checkpoint' | 'handoff'>): void {
  if (event.type === 'llm') expectTypeOf<typeof event>().toEqualTypeOf<LLMEvent>();
  else if (event.type === 'tool') expectTypeOf<typeof event>().toEqualTypeOf<ToolEvent>();
  else if (event.type === 'action') expectTypeOf<typeof event>().toEqualTypeOf<ActionEvent>();
  else if (event.type === 'error') expectTypeOf<typeof event>().toEqualTypeOf<ErrorEvent>();
  else if (event.type === 'handoff') expectTypeOf<typeof event>().toEqualTypeOf<CustomEvent<'handoff'>>();
  else expectTypeOf<typeof event>().toEqualTypeOf<CustomEvent<'checkpoint'>>();
  record(event);
}

export function recording(word: string): void {
  expectTypeOf<ReturnType<typeof record>>().toEqualTypeOf<string | undefined>();
  record({ type: 'action' });
  record({ type: 'tool', name: 'search', arguments: [1], result: {}, callId: 'c', startedAt: new Date(), endedAt: 5 });
  record({ type: 'llm', model: 'm', usage: { input: 1 }, finishReasons: ['stop'], costUsd: 0.1, input: 'a', output: 'b' });
  record({ type: 'error', error: 'anything' });
  record({ type: 'checkpoint', attributes: { a: 1 }, result: 2 });
  record({ type: word });
  const kept: CustomEvent<'checkpoint'> = { type: 'checkpoint' };
  record(kept);
  // @ts-expect-error a tool has a name
  record({ type: 'tool' });
  // @ts-expect-error an error has one
  record({ type: 'error' });
  // @ts-expect-error `model` is said of calls of models
  record({ type: 'tool', name: 'a', model: 'm' });
  // @ts-expect-error tokens are counted under names of their own
  record({ type: 'llm', usage: { prompt_tokens: 1 } });
  // @ts-expect-error a type is a lower-case word
  record({ type: 'Checkpoint' });
  // @ts-expect-error runs are made by trackAgent and startRun
  record({ type: 'agent' });
  // @ts-expect-error steps are made in runs
  record({ type: 'step' });
}

export function tracking(): void {
  expectTypeOf<number>().toEqualTypeOf<ReturnType<typeof run>>();
  function run() {
    return track({ type: 'tool', name: 'a' }, (event) => {
      event.set({ a: 1 });
      return 1;
    });
  }
  const promised = track({ type: 'custom', name: 'a' }, async () => 'x');
  expectTypeOf<typeof promised>().toEqualTypeOf<Promise<string>>();
  using handle = track({ type: 'llm', model: 'm', input: 'a' });
  handle.end({ output: 'b', usage: { output: 1 } });
  // @ts-expect-error a tool has a name
  track({ type: 'tool' });
  // @ts-expect-error a status that an app cannot give
  handle.end({ status: 'unfinished' });
}

export function wrapping(): void {
  const wrapped = recordTool('t', async (a: string, b?: number) => [a, b] as const, { sideEffect: true });
  expectTypeOf<typeof wrapped>().toEqualTypeOf<(a: string, b?: number) => Promise<readonly [string, number | undefined]>>();
  expectTypeOf<ReturnType<typeof generator>>().toEqualTypeOf<Generator<number, string>>();
  const generator = recordAction(function* (): Generator<number, string> {
    yield 1;
    return 'a';
  });
  class Agent {
    run(): void {}
  }
  const tracked = trackAgent(Agent);
  expectTypeOf<typeof tracked>().toEqualTypeOf<typeof Agent>();
  const research = trackAgent('researcher', (topic: string) => topic.length);
  expectTypeOf<typeof research>().toEqualTypeOf<(topic: string) => number>();
  expectTypeOf<typeof agent>().toEqualTypeOf<typeof Agent>();
  const agent = trackAgent({ id: 'a', version: '1', environment: 'test' }, Agent);
  // @ts-expect-error what is no function
  recordTool('t', 5);
  // @ts-expect-error no such option
  recordTool({ sideeffect: true });
  // @ts-expect-error an action has no side effect to speak of
  recordAction({ sideEffect: true });
}

export class Decorated {
  @recordTool method(a: number): number {
    return a;
  }
  @recordTool() called(): void {}
  @recordTool('name') async named(): Promise<void> {}
  @recordTool({ name: 'n', sideEffect: true }) static all(): void {}
  @recordAction *generator(): Generator<number> {
    yield 1;
  }
  @recordAction #hidden(): void {}
  @recordAction field = (a: string): string => a;
  @trackAgent('a') run(): void {
    this.#hidden();
  }
  // @ts-expect-error a getter is no method
  @recordTool get getter(): number {
    return 1;
  }
  // @ts-expect-error an accessor is none either
  @recordTool('a') accessor both = 1;
  // @ts-expect-error the field holds no function
  @recordAction number = 1;
  // @ts-expect-error nor does this
  @trackAgent('a') text = 'a';
}

@trackAgent
export class Plain {}
@trackAgent({ name: 'a', version: '1' })
export class Told {}
// @ts-expect-error a class is no tool
@recordTool
export class Tool {}
