/** Puts the shipper together. Loaded only where something is exported. */
import { resourceOf, spanOf } from '../events/genai.ts';
import { SCHEMA_URL } from '../events/genai-names.ts';
import type { Profile } from '../events/genai-names.ts';
import type { ExportItem, ExportSource } from '../events/ports.ts';
import type { Attribute, WireSpan } from '../events/wire-span.ts';
import { createShipper } from '../otel/shipper.ts';
import type { Shipper, ShipperReport } from '../otel/shipper.ts';
import { createTransport } from '../otel/transport.ts';
import type { OwnCode } from './extension.ts';
import { outgoing } from './outgoing.ts';
import type { Outgoing } from './outgoing.ts';
import { createOwnCarrier } from './own-carrier.ts';

/** What it takes to send. Plain data: the process that delivers at the end is given the same. */
export interface ShippingOptions {
  /** The recordings folder. */
  recordings: string;
  /** Empty where the app's own exporter takes the events. */
  url: string;
  headers: Record<string, string>;
  withContent: boolean;
  profile: Profile;
  /** Send no span of a call that has one by the SDK's own telemetry. */
  skipNative: boolean;
  timeoutMs: number;
  delayMs: number;
}

const NOTHING: OwnCode = { processors: [] };

/** A shipper that sends what `source` holds, through what `own` says at that moment. */
export function shipFrom(
  source: ExportSource,
  options: ShippingOptions,
  { own = () => NOTHING, onReport }: { own?: () => OwnCode; onReport?: (report: ShipperReport) => void } = {},
): Shipper {
  const { url, headers, profile, timeoutMs } = options;
  const leaving = (item: ExportItem): Outgoing | null =>
    options.skipNative && item.event.llm?.native !== undefined ? null : outgoing(item, options.withContent, own());
  const span = (leaves: Outgoing): WireSpan => spanOf(leaves, { profile });
  const pace = { source, batch: { delayMs: options.delayMs }, ...(onReport === undefined ? {} : { onReport }) };
  const { exporter } = own();
  if (exporter !== undefined) {
    const resource = ({ header }: ExportItem): Attribute[] => resourceOf(header);
    return createShipper({
      ...pace,
      carrier: createOwnCarrier({ exporter, outgoing: leaving, span, resource, timeoutMs }),
    });
  }
  return createShipper({
    ...pace,
    transport: createTransport({ url, headers, timeoutMs }),
    span(item) {
      const leaves = leaving(item);
      return leaves === null ? null : span(leaves);
    },
    resource: (header) => resourceOf(header),
    schemaUrl: SCHEMA_URL[profile],
  });
}
