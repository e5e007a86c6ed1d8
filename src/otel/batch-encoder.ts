/** Makes the request body of a batch, a slice at a time, so that the host program never waits long for it. */
import { reportFault } from '../core/diagnostics.ts';
import { scopeOf } from '../events/genai.ts';
import type { SessionLine } from '../events/lines.ts';
import type { ExportItem } from '../events/ports.ts';
import type { Attribute, TraceGroup, WireSpan } from '../events/wire-span.ts';
import { encodeTraces } from './protobuf.ts';

/** About a millisecond of work. */
const SLICE_ITEMS = 64;

export interface BatchEncoding {
  /** Null for an item that is not to be sent. */
  span(item: ExportItem): WireSpan | null;
  resource(header: SessionLine): Attribute[];
  schemaUrl: string;
  breathe(): Promise<void>;
}

/** The body, how many spans are in it, and how many items no span could be made of. */
export interface EncodedBatch {
  body: Uint8Array;
  spans: number;
  failed: number;
}

/** Encodes items. Concatenated messages are one message in protobuf, with the repeated members of all: so slices are simply joined. */
export async function encodeBatch(items: ExportItem[], encoding: BatchEncoding): Promise<EncodedBatch> {
  const slices: Uint8Array[] = [];
  let spans = 0;
  const left = { out: 0 };
  for (let from = 0; from < items.length; from += SLICE_ITEMS) {
    if (from > 0) await encoding.breathe();
    const groups = groupsOf(items.slice(from, from + SLICE_ITEMS), encoding, left);
    for (const group of groups) spans += group.spans.length;
    slices.push(encodeTraces(groups));
  }
  return { body: Buffer.concat(slices), spans, failed: items.length - spans - left.out };
}

function groupsOf(items: ExportItem[], encoding: BatchEncoding, left: { out: number }): TraceGroup[] {
  const groups = new Map<string, TraceGroup>();
  for (const item of items) {
    try {
      const span = encoding.span(item);
      if (span === null) {
        left.out++;
        continue;
      }
      const known = groups.get(item.header.id);
      if (known !== undefined) known.spans.push(span);
      else {
        const { header } = item;
        groups.set(header.id, {
          resource: encoding.resource(header),
          scope: scopeOf(header),
          schemaUrl: encoding.schemaUrl,
          spans: [span],
        });
      }
    } catch (error) {
      reportFault('export.span', error);
    }
  }
  return [...groups.values()];
}
