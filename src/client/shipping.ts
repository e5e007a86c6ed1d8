/** Puts the shipper together. Loaded only where an endpoint is set. */
import { resourceOf, spanOf } from '../events/genai.ts';
import { SCHEMA_URL } from '../events/genai-names.ts';
import type { Profile } from '../events/genai-names.ts';
import type { ExportSource } from '../events/ports.ts';
import { createShipper } from '../otel/shipper.ts';
import type { Shipper, ShipperReport } from '../otel/shipper.ts';
import { createTransport } from '../otel/transport.ts';
import { messageContent } from '../providers/decode.ts';

/** What it takes to send. Plain data: the process that delivers at the end is given the same. */
export interface ShippingOptions {
  /** The recordings folder. */
  recordings: string;
  url: string;
  headers: Record<string, string>;
  withContent: boolean;
  profile: Profile;
  /** Send no span of a call that has one by the SDK's own telemetry. */
  skipNative: boolean;
  timeoutMs: number;
  delayMs: number;
}

/** A shipper that sends what `source` holds. */
export function shipFrom(source: ExportSource, options: ShippingOptions, onReport?: (report: ShipperReport) => void): Shipper {
  const { url, headers, profile, withContent } = options;
  return createShipper({
    source,
    transport: createTransport({ url, headers, timeoutMs: options.timeoutMs }),
    span: ({ header, event, bodies }) => {
      if (options.skipNative && event.llm?.native !== undefined) return null;
      return spanOf(withContent ? { header, event, content: messageContent(event, bodies ?? {}) } : { header, event }, {
        profile,
      });
    },
    resource: (header) => resourceOf(header),
    schemaUrl: SCHEMA_URL[profile],
    batch: { delayMs: options.delayMs },
    ...(onReport === undefined ? {} : { onReport }),
  });
}
