/**
 * The Claude Agent SDK. `query` is a function of a frozen namespace, and the class of what it gives, with everything that can be seen there, is in no namespace at all: it is looked for in the
 * scope of `query`. So a copy is reached whenever it was loaded, and what `query` gives is the object that it always was.
 */
import { guard } from '../../core/diagnostics.ts';
import { hub } from '../../events/ports.ts';
import { classInScope } from '../../patch/module-scope.ts';
import { looking } from '../../patch/own-member.ts';
import type { ModuleTarget } from '../../patch/reach.ts';
import type { Method } from '../../patch/registry.ts';
import { runInside } from '../../patch/run-inside.ts';
import { claudeAgent as turns } from './claude-agent-frames.ts';
import { beginRun } from './claude-agent-run.ts';
import type { AgentRun } from './claude-agent-run.ts';
import { frameworkError } from '../framework-events.ts';
import { Patcher } from '../patcher.ts';
import type { PatchedModule, PatchReport, Provider } from '../provider.ts';

/** The build that brings its own copy of the MCP SDK, and the one that uses the app's. Each has a class of its own. */
const MODULES = ['sdk.mjs', 'core.mjs'] as const;
const targets = MODULES.map((file): ModuleTarget => ({ package: '@anthropic-ai/claude-agent-sdk', esm: [file], cjs: [] }));

/** Runs that go on, by the object that the app holds. */
const runs = new WeakMap<object, AgentRun>();

/** A prompt is on its way: with the first one, the run begins. A query that was started ahead of time has none until then. */
function prompted(original: Method): Method {
  return function (this: any, ...args: any[]) {
    if (hub.recorder !== null) looking('claude-agent.begin', () => begin(this));
    return Reflect.apply(original, this, args) as unknown;
  };
}

function begin(query: any): void {
  if (runs.has(query) || query.cleanupPerformed === true || query.inputStream === undefined) return;
  const run = beginRun(query, () => void runs.delete(query));
  if (run !== null) runs.set(query, run);
}

function sent(original: Method): Method {
  return function (this: any, ...args: any[]) {
    const run = runs.get(this);
    if (run !== undefined) looking('claude-agent.sent', () => run.sent(args[0]));
    return Reflect.apply(original, this, args) as unknown;
  };
}

/** The child asks this process for something: a tool of the app's, a permission, a hook. What that does happens inside of the tool that it is about. */
function asked(original: Method): Method {
  return function (this: any, ...args: any[]) {
    const run = runs.get(this);
    const event = run === undefined ? null : guard('claude-agent.request', () => run.eventOf(args[0]?.request), null);
    const answer = (): unknown => Reflect.apply(original, this, args);
    return event === null ? answer() : runInside(event, answer);
  };
}

function patch({ namespace }: PatchedModule): PatchReport {
  const search = guard('claude-agent.scope', () => classInScope((namespace as { query?: unknown }).query, 'readSdkMessages'), {
    reason: 'the scope of its module cannot be read',
  });
  if ('reason' in search) return { patched: [], missing: ['query'], reason: search.reason };
  const { prototype } = search.found as { prototype: unknown };
  const patcher = new Patcher('claude_agent');
  patcher.replace(prototype, 'writePrompt', 'Query.writePrompt', prompted);
  patcher.replace(prototype, 'streamInput', 'Query.streamInput', prompted);
  patcher.replace(prototype, 'writeStreamMessage', 'Query.writeStreamMessage', sent);
  patcher.replace(prototype, 'processControlRequest', 'Query.processControlRequest', asked);
  return patcher.report;
}

export const claudeAgent: Provider = {
  name: 'claude_agent',
  targets: [targets[0]!, ...targets.slice(1)],
  tested: ['0.3'],
  operations: [turns],
  patch,
  error: frameworkError,
};
