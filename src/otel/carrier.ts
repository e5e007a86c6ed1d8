/** Brings a batch to whoever takes it. One that speaks OTLP is here; an app may have its own. */
import type { SessionLine } from '../events/lines.ts';
import type { ExportItem } from '../events/ports.ts';
import type { Attribute, WireSpan } from '../events/wire-span.ts';
import { encodeBatch } from './batch-encoder.ts';
import type { Answer } from './export-answer.ts';
import type { Transport } from './transport.ts';

/** What became of a batch. */
export interface Carried {
  answer: Answer;
  /** How many spans were handed over. */
  spans: number;
  /** Items that no span could be made of. */
  failed: number;
}

export interface Carrier {
  /** `breathe` lets the host program have its turn. A rejection is a fault of ours: the batch is tried again. */
  carry(items: ExportItem[], breathe: () => Promise<void>): Promise<Carried>;
  /** Asks whoever takes the spans to take none: its answer tells an outage from spans that it cannot take. Absent: nobody can be asked. */
  probe?(): Promise<Answer>;
  /** Cuts what is under way. Never rejects. */
  close(): void | Promise<void>;
}

/** How items become spans of OTLP. */
export interface OtlpCarrierOptions {
  transport: Transport;
  /** An item as a span; null for one that is not to be sent. */
  span(item: ExportItem): WireSpan | null;
  /** Resource attributes of a recording. */
  resource(header: SessionLine): Attribute[];
  /** Of the conventions that `span` speaks. */
  schemaUrl: string;
}

/** An ExportTraceServiceRequest without spans, in protobuf. */
const NO_SPANS = new Uint8Array(0);

/** Encodes a batch as OTLP and posts it. A batch that has no span to send is accepted. */
export function createOtlpCarrier({ transport, ...encoding }: OtlpCarrierOptions): Carrier {
  return {
    async carry(items, breathe) {
      const { body, spans, failed } = await encodeBatch(items, { ...encoding, breathe });
      return { answer: spans === 0 ? { kind: 'accepted' } : await transport.send(body), spans, failed };
    },
    probe: () => transport.send(NO_SPANS),
    close: () => transport.close(),
  };
}
