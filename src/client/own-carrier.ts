/** Brings finished events to the app's own exporter, with the same durability as to a backend: what it does not take comes again. */
import { reportFault } from '../core/diagnostics.ts';
import { contentFree, contentFreeHeader } from '../events/content-free.ts';
import type { ExportItem } from '../events/ports.ts';
import type { Attribute, WireSpan } from '../events/wire-span.ts';
import type { Carrier } from '../otel/carrier.ts';
import { unrecorded } from '../session/scope.ts';
import type { ExportedBatch, ExportedEvent, ExportedSpan, Exporter, SpanAttribute } from './extension.ts';
import { withoutBodies } from './outgoing.ts';
import type { Outgoing } from './outgoing.ts';

export interface OwnCarrierOptions {
  exporter: Exporter;
  /** Null for an event that is not to be sent. */
  outgoing(item: ExportItem): Outgoing | null;
  span(source: Outgoing): WireSpan;
  resource(item: ExportItem): Attribute[];
  timeoutMs: number;
}

/** A carrier to one exporter. */
export function createOwnCarrier(options: OwnCarrierOptions): Carrier {
  const { exporter, timeoutMs } = options;
  return {
    async carry(items, breathe) {
      const batch: ExportedBatch = [];
      let failed = 0;
      for (const [index, item] of items.entries()) {
        if (index > 0 && index % 64 === 0) await breathe();
        try {
          const source = options.outgoing(item);
          if (source !== null) batch.push(exported(source, options.span(source), options.resource(item)));
        } catch (error) {
          failed++;
          reportFault('export.span', error);
        }
      }
      if (batch.length === 0) return { answer: { kind: 'accepted' }, spans: 0, failed };
      const reason = await told(() => exporter.export(batch), timeoutMs);
      return { answer: reason === null ? { kind: 'accepted' } : { kind: 'retry', reason }, spans: batch.length, failed };
    },
    async close() {
      try {
        await unrecorded.run(true, () => exporter.shutdown?.());
      } catch (error) {
        reportFault('export.shutdown', error);
      }
    },
  };
}

/** Null when it was taken, else why not: in codes, since a message of the app's may hold what was said. */
function told(call: () => unknown, timeoutMs: number): Promise<string | null> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => resolve('timeout of the exporter'), timeoutMs);
    timer.unref();
    const settle = (reason: string | null): void => {
      clearTimeout(timer);
      resolve(reason);
    };
    const failed = (error: unknown): void => settle(`the exporter threw ${nameOf(error)}`);
    try {
      // What an exporter calls is no work of the agent's: recorded, it would be exported, and so on for ever.
      Promise.resolve(unrecorded.run(true, call)).then(() => settle(null), failed);
    } catch (error) {
      failed(error);
    }
  });
}

function nameOf(error: unknown): string {
  const { code, name } = (error ?? {}) as { code?: unknown; name?: unknown };
  const word = [code, name].find((one) => typeof one === 'string' && /^[A-Za-z_][A-Za-z0-9_]{0,63}$/.test(one));
  return (word as string | undefined) ?? 'an error';
}

function exported({ header, event, content }: Outgoing, span: WireSpan, resource: Attribute[]): ExportedEvent {
  const { argv: _argv, cwd: _cwd, ...session } = content === undefined ? contentFreeHeader(header) : header;
  const whole = content === undefined ? contentFree(event) : withoutBodies(event, content);
  return {
    session,
    event: whole,
    span: plainSpan(span, resource),
    ...(content === undefined || Object.keys(content).length === 0 ? {} : { messages: content }),
  };
}

function plainSpan(span: WireSpan, resource: Attribute[]): ExportedSpan {
  return {
    traceId: span.traceId,
    spanId: span.spanId,
    ...(span.parentSpanId === undefined ? {} : { parentSpanId: span.parentSpanId }),
    name: span.name,
    kind: span.kind === 3 ? 'client' : 'internal',
    startTimeUnixNano: String(span.startNs),
    endTimeUnixNano: String(span.endNs),
    attributes: plain(span.attributes),
    events: span.events.map(({ name, timeNs, attributes }) => ({
      name,
      timeUnixNano: String(timeNs),
      attributes: plain(attributes),
    })),
    ...(span.status === undefined
      ? {}
      : {
          status: {
            code: 'error' as const,
            ...(span.status.message === undefined ? {} : { message: span.status.message }),
          },
        }),
    resource: plain(resource),
  };
}

const plain = (attributes: readonly Attribute[]): Record<string, SpanAttribute> =>
  Object.fromEntries(attributes.map(([key, value]) => [key, Object.values(value)[0] as SpanAttribute]));
