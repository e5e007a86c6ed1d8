import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { describe, expect, it } from 'vitest';
import type { MessageContent } from '../../src/events/content.ts';
import type { SpanEvent } from '../../src/events/model.ts';
import { type Profile, SCHEMA_URL } from '../../src/events/genai-names.ts';
import { resourceOf, scopeOf, spanOf } from '../../src/events/genai.ts';
import { encodeTraces } from '../../src/otel/protobuf.ts';
import { attributesOf, decodeTraces, type OtlpSpan } from '../support/otlp-receiver.ts';
import { CANARY, event, everyKind, header } from './events.ts';

const VALIDATOR = join(import.meta.dirname, '../../../shared/semconv/validate.mjs');
const PROFILES: Profile[] = ['main', '1.41'];

function encode(profile: Profile, content?: MessageContent): { bytes: Uint8Array; spans: Record<string, OtlpSpan> } {
  const events = everyKind();
  const spans = Object.values(events).map((one) =>
    spanOf({ header: header(), event: one, ...(content && { content }) }, { profile }),
  );
  const bytes = encodeTraces([
    { resource: resourceOf(header()), scope: scopeOf(header()), schemaUrl: SCHEMA_URL[profile], spans },
  ]);
  const decoded = decodeTraces(bytes).resourceSpans[0]!.scopeSpans[0]!.spans;
  return { bytes, spans: Object.fromEntries(Object.keys(events).map((name, index) => [name, decoded[index]!])) };
}

const CONTENT: MessageContent = {
  system: [{ type: 'text', content: 'be brief' }],
  input: [
    { role: 'user', parts: [{ type: 'text', content: 'hi' }] },
    { role: 'assistant', parts: [{ type: 'tool_call', id: 'c1', name: 'search', arguments: { q: 'x' } }] },
    { role: 'tool', parts: [{ type: 'tool_call_response', id: 'c1', response: { n: 1 } }] },
  ],
  output: [
    { role: 'assistant', parts: [{ type: 'text', content: 'done' }], finish_reason: 'stop' },
    { role: 'assistant', parts: [{ type: 'reasoning', content: 'hm' }], finish_reason: 'tool_call' },
  ],
  tools: [{ type: 'function', name: 'search' }],
};

describe.skipIf(!existsSync(VALIDATOR))('T1 the conventions', () => {
  it.each(PROFILES.flatMap((profile) => [[profile, false] as const, [profile, true] as const]))(
    'profile %s, content %s',
    async (profile, content) => {
      const { validate, loadSpec } = await import(pathToFileURL(VALIDATOR).href);
      const { bytes } = encode(profile, content ? CONTENT : undefined);
      const result = validate(decodeTraces(bytes), loadSpec(), { profile, noContent: !content });
      expect(result.spans).toBe(Object.keys(everyKind()).length);
      expect(result.genai).toBeGreaterThanOrEqual(9);
      const findings = result.findings.filter((finding: { level: string }) => finding.level !== 'information');
      // With content, the fixture's two messages stand beside one or no finish reason on some spans; that is the fixture's doing.
      expect(findings.filter((finding: { id: string }) => finding.id !== 'finish_reasons_len')).toEqual([]);
    },
  );
});

describe('V1 content-free by construction', () => {
  it.each(PROFILES)('no canary in the bytes of profile %s', (profile) => {
    const { bytes } = encode(profile);
    expect(JSON.stringify(everyKind()).split(CANARY).length).toBeGreaterThan(100);
    expect(Buffer.from(bytes).toString('latin1').split(CANARY).length - 1).toBe(0);
  });

  it('sends nothing of the command line and the path even with content', () => {
    const { bytes } = encode('main', {});
    const text = Buffer.from(bytes).toString('latin1');
    expect(text).not.toContain(`${CANARY}-argv`);
    expect(text).not.toContain(`/home/${CANARY}`);
    // And the canaries do arrive when content was opted in: the test above can fail.
    for (const part of ['tag', 'key', 'value', 'user', 'message', 'stack', 'argument', 'result', 'failure', 's', 'c', 'm']) {
      expect(text, part).toContain(`${CANARY}-${part}`);
    }
  });

  it('takes a path for no service name', () => {
    const name = (service?: string, agent?: string): unknown => {
      const line = header({ agent: agent === undefined ? {} : { name: agent } });
      delete line.service;
      if (service !== undefined) line.service = service;
      return attributesOf(
        decodeTraces(encodeTraces([{ resource: resourceOf(line), scope: scopeOf(line), schemaUrl: '', spans: [] }]))
          .resourceSpans[0]!.resource.attributes,
      )['service.name'];
    };
    expect(name('@acme/support')).toBe('@acme/support');
    expect(name('/usr/bin/node')).toBe('unknown_service:node');
    expect(name('C:\\app\\x', 'bot')).toBe('bot');
    expect(name('./server.js')).toBe('unknown_service:node');
    expect(name()).toBe('unknown_service:node');
  });
});

describe('T1 an event as a span', () => {
  it('says what a call asked for and got', () => {
    const span = encode('main').spans['chat']!;
    expect(span.name).toBe('chat gpt-4o-mini');
    expect(span.kind).toBe(3);
    expect(span.status).toBeUndefined();
    expect(BigInt(span.endTimeUnixNano) - BigInt(span.startTimeUnixNano)).toBe(500_000n);
    const start = everyKind()['chat']!.start;
    expect(start).toBeGreaterThan(0);
    expect(span.startTimeUnixNano).toMatch(/^179500000\d{10}$/);
    expect(attributesOf(span.attributes)).toMatchObject({
      'gen_ai.operation.name': 'chat',
      'gen_ai.provider.name': 'openai',
      'gen_ai.request.model': 'gpt-4o-mini',
      'gen_ai.response.finish_reasons': ['stop', 'tool_call'],
      'gen_ai.usage.input_tokens': 100,
      'gen_ai.usage.cache_read.input_tokens': 60,
      'openai.api.type': 'chat_completions',
      'session.id': 'ses_0123456789ab',
      'hindcast.session.parent_id': 'ses_ba9876543210',
      'hindcast.cost.usd': 0.0012,
      'hindcast.response.served_by': 'Amazon Bedrock',
      'hindcast.agent.version': '1.4.0',
    });
  });

  it('writes 1 as a double where the conventions want a double', () => {
    const span = encode('main').spans['chat']!;
    const value = (key: string): unknown => span.attributes.find((attribute) => attribute.key === key)?.value;
    expect(value('gen_ai.request.temperature')).toEqual({ doubleValue: 1 });
    expect(value('gen_ai.request.seed')).toEqual({ intValue: '7' });
    const topK = (profile: Profile): unknown =>
      encode(profile).spans['stream']!.attributes.find((one) => one.key === 'gen_ai.request.top_k')?.value;
    expect(topK('main')).toEqual({ intValue: '40' });
    expect(topK('1.41')).toEqual({ doubleValue: 40 });
  });

  it('leaves out what is not known', () => {
    const keys = encode('main').spans['customProvider']!.attributes.map(({ key }) => key);
    expect(keys.filter((key) => key.includes('usage') || key.includes('cost') || key.includes('time_to_first'))).toEqual([]);
    expect(keys.filter((key) => key.startsWith('openai.'))).toEqual([]);
  });

  it('names the time to the first chunk in seconds', () => {
    const { spans } = encode('main');
    expect(attributesOf(spans['stream']!.attributes)['gen_ai.response.time_to_first_chunk']).toBe(0.123456);
  });

  it('names the time of one output chunk in seconds, of a stream that was read to its end', () => {
    const stream = everyKind()['stream']!;
    const perChunk = (over: Partial<SpanEvent>): unknown => {
      const span = spanOf({ header: header(), event: { ...stream, ...over } }, { profile: 'main' });
      return new Map(span.attributes).get('hindcast.response.time_per_output_chunk');
    };
    const { llm, start } = stream;
    // 39 chunks after the first, in 390 ms.
    const end = start + 123_456 + 390_000;
    expect(perChunk({ end })).toEqual({ double: 0.01 });
    expect(perChunk({ end, status: 'cancelled' })).toBeUndefined();
    expect(perChunk({ end, llm: { ...llm!, chunks: 1 } })).toBeUndefined();
    const { firstChunkUs: _, ...plain } = llm!;
    expect(perChunk({ end, llm: plain })).toBeUndefined();
  });

  it('speaks each profile’s names', () => {
    const keys = (profile: Profile): string[] => encode(profile).spans['stream']!.attributes.map(({ key }) => key);
    expect(keys('main')).toContain('gen_ai.usage.cache_write.input_tokens');
    expect(keys('1.41')).toContain('gen_ai.usage.cache_creation.input_tokens');
    expect(keys('1.41')).not.toContain('gen_ai.request.reasoning.level');
    expect(keys('1.41')).toContain('hindcast.request.reasoning_level');
  });

  it('P7 P8 shows errors as codes and attempts as span events', () => {
    const { spans } = encode('main');
    const failed = spans['failed']!;
    expect(failed.status).toEqual({ code: 2 });
    expect(attributesOf(failed.attributes)).toMatchObject({
      'error.type': 'RateLimitError',
      'hindcast.error.code': 'rate_limit_exceeded',
      'http.response.status_code': 429,
      'hindcast.request.id': 'req_1',
      'hindcast.attempts': 3,
    });
    expect(failed.events.map(({ name, attributes }) => [name, attributesOf(attributes)])).toEqual([
      [
        'hindcast.retry',
        {
          'hindcast.retry.attempt': 2,
          'http.response.status_code': 503,
          'error.type': '503',
          'hindcast.retry.failed_after_ms': 2,
          'hindcast.retry.delay_ms': 500,
        },
      ],
      [
        'hindcast.retry',
        {
          'hindcast.retry.attempt': 3,
          'error.type': 'ECONNRESET',
          'hindcast.retry.failed_after_ms': 1,
          'hindcast.retry.delay_ms': 397,
        },
      ],
    ]);
    expect(attributesOf(spans['failedTool']!.attributes)['error.type']).toBe('timeout');
    expect(attributesOf(spans['failedBare']!.attributes)['error.type']).toBe('_OTHER');
    expect(attributesOf(spans['oddError']!.attributes)).toMatchObject({
      'error.type': '_OTHER',
      'hindcast.error.code': '_OTHER',
    });
  });

  it('marks what was left early or never ended, without an error', () => {
    const { spans } = encode('main');
    expect(attributesOf(spans['cancelled']!.attributes)).toMatchObject({
      'hindcast.status': 'cancelled',
      'hindcast.error.type': 'AbortError',
    });
    expect(spans['cancelled']!.status).toBeUndefined();
    expect(attributesOf(spans['unfinished']!.attributes)['hindcast.status']).toBe('unfinished');
    expect(attributesOf(spans['chat']!.attributes)).not.toHaveProperty('hindcast.status');
  });

  it('S9 carries decisions, failures and signals in the order in which they were made', () => {
    const events = encode('main').spans['notes']!.events.map(({ name, attributes }) => [name, attributesOf(attributes)]);
    expect(events).toEqual([
      [
        'hindcast.failure',
        { 'hindcast.failure.type': 'model', 'hindcast.failure.code': 'made_up', 'hindcast.unknown_code': true },
      ],
      [
        'hindcast.decision',
        {
          'hindcast.decision.type': 'tool_selection',
          'hindcast.decision.reason_code': 'cost_optimization',
          'hindcast.decision.confidence': 1,
        },
      ],
      [
        'hindcast.signal',
        {
          'hindcast.signal.type': 'tool_success',
          'hindcast.signal.code': 'first_attempt',
          'hindcast.signal.value': true,
          'hindcast.signal.weight': 2,
        },
      ],
    ]);
  });

  it('S8 says of a run how it stands, and of what is in it which run that is', () => {
    const { spans } = encode('main');
    const run = spans['run']!;
    expect([run.name, run.status]).toEqual(['invoke_agent triage', undefined]);
    expect(attributesOf(run.attributes)).toMatchObject({
      'gen_ai.agent.name': 'triage',
      'hindcast.agent.id': 'triage',
      'hindcast.agent.version': '2',
      'hindcast.run.id': 'a0a0a0a0a0a0a0a0',
      'hindcast.run.parent_id': 'b0b0b0b0b0b0b0b0',
      'hindcast.run.name': 'nightly triage',
      'hindcast.run.status': 'partial',
      'hindcast.run.reason': 'ended',
      'hindcast.run.steps': 3,
      'hindcast.run.retries': 1,
      'hindcast.run.errors': 2,
      'hindcast.environment': 'staging',
    });
    expect(attributesOf(run.attributes)).not.toHaveProperty('error.type');
    expect(run.events.map(({ attributes }) => attributesOf(attributes))).toEqual([
      { 'hindcast.failure.type': 'tool', 'hindcast.failure.code': 'timeout', 'hindcast.failure.step': 'c0c0c0c0c0c0c0c0' },
    ]);
    const chat = attributesOf(spans['chatInRun']!.attributes);
    expect(chat).toMatchObject({
      'hindcast.run.id': 'a0a0a0a0a0a0a0a0',
      'hindcast.agent.name': 'triage',
      'hindcast.agent.id': 'triage',
    });
    // The version of the session's agent is not that of another one.
    expect(chat).not.toHaveProperty('hindcast.agent.version');
    expect(attributesOf(spans['chat']!.attributes)).not.toHaveProperty('hindcast.run.id');
  });

  it('S8 shows a run as an error where it failed, and nowhere else', () => {
    const { spans } = encode('main');
    expect(spans['failedRun']!.status).toEqual({ code: 2 });
    expect(attributesOf(spans['failedRun']!.attributes)).toMatchObject({
      'error.type': 'TimeoutError',
      'hindcast.error.from': 'c0c0c0c0c0c0c0c0',
      'hindcast.run.status': 'failure',
      'hindcast.run.reason': 'exception',
    });
    expect(spans['leftRun']!.status).toEqual({ code: 2 });
    expect(attributesOf(spans['leftRun']!.attributes)).toMatchObject({ 'error.type': '_OTHER', 'hindcast.status': 'unfinished' });
  });

  it('S8 numbers steps, and says which is another try of which', () => {
    const { spans } = encode('main');
    expect(spans['step']!.name).toBe('search the docs');
    expect(attributesOf(spans['step']!.attributes)).toMatchObject({
      'hindcast.run.id': 'a0a0a0a0a0a0a0a0',
      'hindcast.step.seq': 3,
      'hindcast.step.type': 'retrieve',
      'hindcast.step.attempt': 2,
      'hindcast.step.retry_of': 'c0c0c0c0c0c0c0c0',
      'hindcast.agent.name': 'triage',
    });
    expect(attributesOf(spans['failedStep']!.attributes)).toMatchObject({
      'hindcast.step.type': 'dream',
      'hindcast.step.unknown_type': true,
    });
    expect(attributesOf(spans['failedStep']!.events[0]!.attributes)).toMatchObject({ 'hindcast.failure.auto': true });
  });

  it('T8 keeps content valid JSON when it has to be cut', () => {
    const long = 'ä'.repeat(300_000);
    const content: MessageContent = {
      input: Array.from({ length: 40 }, () => ({ role: 'user', parts: [{ type: 'text', content: long }] })),
    };
    const span = spanOf({ header: header(), event: everyKind()['chat']!, content }, { profile: 'main' });
    const value = span.attributes.find(([key]) => key === 'gen_ai.input.messages')?.[1] as { string: string };
    expect(Buffer.byteLength(value.string)).toBeLessThanOrEqual(256 * 1024);
    const messages = JSON.parse(value.string);
    expect(messages).toHaveLength(40);
    expect(messages[0].parts[0].content).toMatch(/^ä+…\[cut\]$/);
  });

  it('gives an app’s attributes in our or the conventions’ namespaces a prefix', () => {
    const one = event({
      type: 'action',
      name: 'a',
      attributes: { 'gen_ai.system': 'x', 'session.id': 'y', plain: 1, ratio: 0.5, list: ['a'], flag: true },
    });
    const span = spanOf({ header: header(), event: one, content: {} }, { profile: 'main' });
    const map = Object.fromEntries(span.attributes);
    expect(map).toMatchObject({
      'hindcast.attribute.gen_ai.system': { string: 'x' },
      'hindcast.attribute.session.id': { string: 'y' },
      'session.id': { string: 'ses_0123456789ab' },
      plain: { int: 1 },
      ratio: { double: 0.5 },
      list: { strings: ['a'] },
      flag: { bool: true },
    });
  });
});
