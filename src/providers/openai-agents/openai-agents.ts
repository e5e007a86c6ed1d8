/**
 * The OpenAI Agents SDK. Its spans are seen where they are handed to whatever processors there are, the app's exporter among them: none is added, replaced or waited for. The calls of
 * models are seen in the openai package below it.
 */
import { guard } from '../../core/diagnostics.ts';
import { hub } from '../../events/ports.ts';
import { looking } from '../../patch/own-member.ts';
import { installOnce } from '../../patch/registry.ts';
import type { Method } from '../../patch/registry.ts';
import { addBridge, frameworkError } from '../framework-events.ts';
import { agentsGeneration } from './openai-agents-generation.ts';
import { AgentSpans } from './openai-agents-spans.ts';
import { ownerOf, Patcher } from '../patcher.ts';
import type { PatchedModule, PatchReport, Provider } from '../provider.ts';

/** The spans of the process: every copy of the SDK shares one scope. */
let spans: AgentSpans | null = null;

const BRIDGE = Symbol.for('hindcast.openai-agents.v1');

function bridge(currentSpan: () => unknown): () => void {
  const mine = new AgentSpans(currentSpan);
  spans = mine;
  const unbridge = addBridge(mine.bridge);
  return () => {
    unbridge();
    mine.stop();
    if (spans === mine) spans = null;
  };
}

/** `original`, told of a span before its processors are. */
const seeing =
  (tell: (spans: AgentSpans, args: any[]) => void) =>
  (original: Method): Method =>
    function (this: unknown, ...args: any[]) {
      const { recorder } = hub;
      if (recorder !== null && spans !== null) {
        const to = spans;
        looking('openai-agents.span', () => tell(to, args));
      }
      return Reflect.apply(original, this, args) as unknown;
    };

function patch({ namespace }: PatchedModule): PatchReport {
  const { getCurrentSpan, MultiTracingProcessor, Runner } = namespace as any;
  const patcher = new Patcher('openai_agents');
  const processor = MultiTracingProcessor?.prototype;
  if (typeof getCurrentSpan !== 'function' || typeof processor?.onSpanStart !== 'function') {
    return { patched: [], missing: ['spans'] };
  }
  guard(
    'openai-agents.bridge',
    () => installOnce(globalThis, BRIDGE, 'openai_agents bridge', () => bridge(getCurrentSpan)),
    false,
  );
  for (const [name, tell] of [
    ['onSpanStart', 'started'],
    ['onSpanEnd', 'ended'],
  ] as const) {
    patcher.replace(
      processor,
      name,
      `MultiTracingProcessor.${name}`,
      seeing((to, [span]) => to[tell](span)),
    );
  }
  // The one place where the SDK says which call of a model a tool is run for.
  patcher.replace(
    ownerOf(Runner?.prototype, 'emit'),
    'emit',
    'Runner.emit',
    seeing((to, [type, , , , details]) => {
      if (type === 'agent_tool_start') to.toolStarted(details?.toolCall?.callId);
    }),
  );
  return patcher.report;
}

export const openaiAgents: Provider = {
  name: 'openai_agents',
  targets: [{ package: '@openai/agents-core', esm: ['dist/index.mjs'], cjs: ['dist/index.js'] }],
  tested: ['0.20'],
  operations: [agentsGeneration],
  patch,
  error: frameworkError,
};
