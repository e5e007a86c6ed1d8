import { describe, expect, it } from 'vitest';
import type { Attribute, AttrValue, TraceGroup, WireSpan } from '../../src/events/wire-span.ts';
import { encodeTraces } from '../../src/otel/protobuf.ts';
import { decodeTraces, type OtlpAttribute, type OtlpJson } from '../support/otlp-receiver.ts';

/** A seeded generator, so that a failure can be repeated. */
function generator(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

const ALPHABETS = ['abc.xyz_', 'äöü€', '😀𝄞', '\u0000\u007f\u0080\u07ff\u0800\uffff', 'plain ascii text '];
const INTS = [0, 1, 127, 128, 16_383, 16_384, 2 ** 31, 2 ** 32, 2 ** 53 - 1, -1, -128, -(2 ** 53 - 1)];
const DOUBLES = [0, 1, -1, 0.1, 1e300, -1e-300, Number.MAX_SAFE_INTEGER];

class Maker {
  readonly random: () => number;
  constructor(seed: number) {
    this.random = generator(seed);
  }
  count(max: number): number {
    return Math.floor(this.random() * (max + 1));
  }
  pick<T>(from: readonly T[]): T {
    return from[Math.floor(this.random() * from.length)] as T;
  }
  text(): string {
    const letters = Array.from(this.pick(ALPHABETS));
    const length = this.random() < 0.005 ? this.count(90_000) : this.count(60);
    return Array.from({ length }, () => this.pick(letters)).join('');
  }
  hex(bytes: number): string {
    return Array.from({ length: bytes }, () => this.count(255).toString(16).padStart(2, '0')).join('');
  }
  value(): AttrValue {
    switch (this.count(4)) {
      case 0:
        return { string: this.text() };
      case 1:
        return { bool: this.random() < 0.5 };
      case 2:
        return { int: this.pick(INTS) };
      case 3:
        return { double: this.pick(DOUBLES) };
      default:
        return { strings: Array.from({ length: this.count(4) }, () => this.text()) };
    }
  }
  attributes(): Attribute[] {
    return Array.from({ length: this.count(12) }, () => [this.text(), this.value()] as const);
  }
  time(): bigint {
    return BigInt(this.count(2 ** 52)) * 2047n;
  }
  span(): WireSpan {
    return {
      traceId: this.hex(16),
      spanId: this.hex(8),
      ...(this.random() < 0.5 ? { parentSpanId: this.hex(8) } : {}),
      name: this.text(),
      kind: this.pick([1, 2, 3, 4, 5] as const),
      startNs: this.time(),
      endNs: this.time(),
      attributes: this.attributes(),
      events: Array.from({ length: this.count(3) }, () => ({
        name: this.text(),
        timeNs: this.time(),
        attributes: this.attributes(),
      })),
      ...(this.random() < 0.3 ? { status: { code: 2, ...(this.random() < 0.5 ? { message: this.text() } : {}) } } : {}),
    };
  }
  group(): TraceGroup {
    return {
      resource: this.attributes(),
      scope: { name: this.text(), version: this.text() },
      schemaUrl: this.text(),
      spans: Array.from({ length: this.count(20) }, () => this.span()),
    };
  }
}

/** The same data in OTLP's JSON form, written down independently of the encoder. */
function expected(groups: TraceGroup[]): OtlpJson {
  const value = (of: AttrValue): Record<string, unknown> => {
    if ('string' in of) return { stringValue: of.string };
    if ('bool' in of) return { boolValue: of.bool };
    if ('int' in of) return { intValue: String(of.int) };
    if ('double' in of) return { doubleValue: of.double };
    return { arrayValue: { values: of.strings.map((text) => ({ stringValue: text })) } };
  };
  const attributes = (of: Attribute[]): OtlpAttribute[] => of.map(([key, one]) => ({ key, value: value(one) }));
  return {
    resourceSpans: groups.map((group) => ({
      resource: { attributes: attributes(group.resource), entityRefs: [] },
      scopeSpans: [
        {
          scope: { name: group.scope.name, version: group.scope.version, attributes: [] },
          spans: group.spans.map((span) => ({
            traceId: span.traceId,
            spanId: span.spanId,
            ...(span.parentSpanId === undefined ? {} : { parentSpanId: span.parentSpanId }),
            name: span.name,
            kind: span.kind,
            startTimeUnixNano: String(span.startNs),
            endTimeUnixNano: String(span.endNs),
            attributes: attributes(span.attributes),
            events: span.events.map((event) => ({
              name: event.name,
              timeUnixNano: String(event.timeNs),
              attributes: attributes(event.attributes),
            })),
            links: [],
            flags: 257,
            ...(span.status === undefined ? {} : { status: span.status }),
          })),
          schemaUrl: group.schemaUrl,
        },
      ],
      schemaUrl: group.schemaUrl,
    })),
  };
}

describe('T1 OTLP in protobuf', () => {
  it('decodes, with the published definitions, to what was encoded', () => {
    for (let seed = 1; seed <= 120; seed++) {
      const maker = new Maker(seed);
      const groups = Array.from({ length: maker.count(3) }, () => maker.group());
      expect(decodeTraces(encodeTraces(groups)), `seed ${seed}`).toEqual(expected(groups));
    }
  });

  it('is a list whose parts can be joined', () => {
    const maker = new Maker(7);
    const [a, b] = [maker.group(), maker.group()];
    expect(decodeTraces(Buffer.concat([encodeTraces([a]), encodeTraces([b])]))).toEqual(expected([a, b]));
  });

  it('puts the replacement character where UTF-16 is broken, as every UTF-8 encoder must', () => {
    const group: TraceGroup = {
      resource: [['k', { string: 'a\ud800b' }]],
      scope: { name: '', version: '' },
      schemaUrl: '',
      spans: [],
    };
    const { resource } = decodeTraces(encodeTraces([group])).resourceSpans[0]!;
    expect(resource.attributes[0]!.value).toEqual({ stringValue: 'a\ufffdb' });
  });

  it('writes nothing for nothing', () => {
    expect(encodeTraces([])).toHaveLength(0);
  });
});
