/**
 * The Vercel AI SDK, version 7: runs, steps and tools are events, and so is each call of a model. Nothing of it is replaced: it tells by a tracing channel and to a list of
 * integrations, both of which exist before and without it. (Version 6 tells of neither the ends of what failed nor which run it speaks of.)
 */
import diagnosticsChannel from 'node:diagnostics_channel';
import { installOnce } from '../../patch/registry.ts';
import { aiSdkError } from './ai-sdk-call.ts';
import { aiSdkOperations } from './ai-sdk-operations.ts';
import { AiRuns } from './ai-sdk-runs.ts';
import type { ChannelMessage } from './ai-sdk-runs.ts';
import { addBridge } from '../framework-events.ts';
import type { PatchedModule, PatchReport, Provider } from '../provider.ts';

const CHANNEL = 'ai:telemetry';
const LIST = 'AI_SDK_TELEMETRY_INTEGRATIONS';

function listen(): () => void {
  const runs = new AiRuns();
  const channel = diagnosticsChannel.tracingChannel<ChannelMessage, ChannelMessage>(CHANNEL);
  const handlers = { asyncEnd: runs.left };
  channel.start.bindStore(runs.scope as never, runs.entered as never);
  channel.subscribe(handlers as never);
  const unlist = enlist(runs.integration);
  const unbridge = addBridge(runs.bridge);
  return () => {
    unbridge();
    unlist();
    channel.unsubscribe(handlers as never);
    channel.start.unbindStore(runs.scope as never);
    runs.stop();
  };
}

/** Puts an integration into the SDK's list; what it returns takes it out, and the list too where it is ours and nobody else is in it. */
function enlist(integration: object): () => void {
  const holder = globalThis as Record<string, unknown>;
  const there = holder[LIST];
  const list: unknown[] = Array.isArray(there) ? there : [];
  if (list !== there) holder[LIST] = list;
  list.push(integration);
  return () => {
    const at = list.indexOf(integration);
    if (at >= 0) list.splice(at, 1);
    if (list !== there && list.length === 0 && holder[LIST] === list) {
      if (there === undefined) delete holder[LIST];
      else holder[LIST] = there;
    }
  };
}

function patch({ namespace }: PatchedModule): PatchReport {
  const label = `${CHANNEL} telemetry`;
  // The function that version 7 has for what version 6 calls `registerTelemetryIntegration`.
  if (typeof (namespace as { registerTelemetry?: unknown }).registerTelemetry !== 'function') {
    return { patched: [], missing: [label] };
  }
  installOnce(globalThis, CHANNEL, `ai_sdk ${label}`, listen);
  return { patched: [label], missing: [] };
}

export const aiSdk: Provider = {
  name: 'ai_sdk',
  targets: [{ package: 'ai', esm: ['dist/index.mjs', 'dist/index.js'], cjs: [] }],
  tested: ['7'],
  operations: aiSdkOperations,
  patch,
  error: aiSdkError,
};
