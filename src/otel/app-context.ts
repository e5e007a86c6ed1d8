/**
 * The app's own OpenTelemetry, if it has one, reached through the symbols that its API keeps in every version from 1.0 on. Nothing is imported, so
 * whichever version the app has is the one that is asked.
 */

const API = Symbol.for('opentelemetry.js.api.1');
const SPAN = Symbol.for('OpenTelemetry Context Key SPAN');
const SUPPRESS = Symbol.for('OpenTelemetry SDK Context Key SUPPRESS_TRACING');
const TRACE_ID = /^(?!0{32})[0-9a-f]{32}$/;
const SPAN_ID = /^(?!0{16})[0-9a-f]{16}$/;
const SAMPLED = 1;

interface AppContext {
  getValue(key: symbol): unknown;
  setValue(key: symbol, value: unknown): AppContext;
}

interface ContextManager {
  active(): AppContext;
  with<T>(context: AppContext, fn: () => T): T;
}

/** A span of the app's own that is active where we are called. */
export interface ActiveSpan {
  traceId: string;
  spanId: string;
  sampled: boolean;
}

function contextManager(): ContextManager | undefined {
  return (globalThis as unknown as Record<symbol, { context?: ContextManager } | undefined>)[API]?.context;
}

/** Spans that an SDK makes with a provider of its own go to its maker alone: Mistral's, where `MISTRAL_SDK_TELEMETRY` is `dedicated`. */
function isForeign(resource: object | undefined): boolean {
  return (resource as Record<string, unknown> | undefined)?.['service.name'] === 'mistralai_sdk';
}

/** The active span of the app's own OpenTelemetry, or null when there is none. Never throws. */
export function activeSpanContext(): ActiveSpan | null {
  const manager = contextManager();
  if (manager === undefined) return null;
  try {
    const span = manager.active().getValue(SPAN) as
      | { spanContext?(): { traceId: string; spanId: string; traceFlags: number }; resource?: { attributes?: object } }
      | undefined;
    if (isForeign(span?.resource?.attributes)) return null;
    const context = span?.spanContext?.();
    if (context === undefined || !TRACE_ID.test(context.traceId) || !SPAN_ID.test(context.spanId)) return null;
    return { traceId: context.traceId, spanId: context.spanId, sampled: (context.traceFlags & SAMPLED) === SAMPLED };
  } catch {
    // A context manager of the app's own may do anything.
    return null;
  }
}

/** Runs `fn` so that the app's own instrumentation makes no spans of what it does: our export is no work of the app's. */
export function withoutAppTracing<T>(fn: () => T): T {
  let manager: ContextManager | undefined;
  let context: AppContext | undefined;
  try {
    manager = contextManager();
    context = manager?.active().setValue(SUPPRESS, true);
  } catch {
    return fn();
  }
  return manager === undefined || context === undefined ? fn() : manager.with(context, fn);
}
