import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { describe, expect, test } from 'vitest';
import type { MessageContent } from '../../../src/events/content.ts';
import type { Usage } from '../../../src/events/model.ts';
import { decodeBody } from '../../../src/providers/wire-body.ts';
import { haveExchanges, loadExchanges, SHARED, type WireExchange } from './wire-exchanges.ts';

if (!haveExchanges) console.log(`skipped: no recorded exchanges in ${SHARED}`);
const exchanges = haveExchanges ? loadExchanges() : [];
const good = exchanges.filter((x) => x.status < 400);

/** What says nothing that could be shown, and what has no finish reason. */
const SILENT = /embed|count_tokens/;
const ENDLESS = /embed|count_tokens|moderations|images|rerank|ocr/;

/** Lines of data as JSON, read without any code of ours. */
function events({ text, framing }: WireExchange): any[] {
  const lines = text.split(/\r?\n/).filter((line) => line.trim() !== '');
  if (framing === 'ndjson') return lines.map((line) => JSON.parse(line));
  const data = lines.filter((line) => line.startsWith('data:') && !line.includes('[DONE]'));
  return data.map((line) => JSON.parse(line.slice(5)));
}

/** The usage that the wire holds, straight from its last mention of each figure. */
function wireUsage(x: WireExchange): Usage {
  const usage: Record<string, number> = {};
  for (const body of x.framing === 'json' ? [JSON.parse(x.text)] : events(x)) {
    for (const said of [
      body.usage,
      body.response?.usage,
      body.message?.usage,
      body.x_groq?.usage,
      ...[body.usage, body.meta, body.response?.meta, body.delta?.usage].map((cohere) => cohere?.billed_units),
      x.endpoint.startsWith('api.') && body,
    ]) {
      for (const [key, value] of Object.entries(said ?? {})) if (typeof value === 'number') usage[key] = value;
      usage['apart'] = said?.prompt_tokens_details?.cached_tokens ?? usage['apart'] ?? 0;
    }
  }
  const input = usage['prompt_tokens'] ?? usage['input_tokens'] ?? usage['prompt_eval_count'];
  const output = usage['completion_tokens'] ?? usage['output_tokens'] ?? usage['eval_count'];
  // More cached tokens than tokens: this provider counts them apart.
  const apart = input !== undefined && usage['apart']! > input ? usage['apart']! : 0;
  const cached = (usage['cache_read_input_tokens'] ?? 0) + (usage['cache_creation_input_tokens'] ?? 0) + apart;
  return {
    ...(input !== undefined && { input: input + cached }),
    ...(output !== undefined && x.endpoint !== 'embeddings' && { output }),
  };
}

describe.skipIf(!haveExchanges)('P5 real exchanges', () => {
  test('each is decoded: model, finish reason, words, usage', () => {
    const table: Record<
      string,
      { n: number; complete: number; model: number; finish: number; said: number; tools: number; usage: number; error: number }
    > = {};
    const odd: string[] = [];
    for (const x of good) {
      const { body, complete } = decodeBody(x.operation, x.text, x.contentType);
      const { response, usage, error } = x.operation.response(body);
      const said = x.operation.output(body).some((message) => message.parts.length > 0);
      const row = (table[`${x.provider} ${x.endpoint} ${x.framing}`] ??= {
        n: 0,
        complete: 0,
        model: 0,
        finish: 0,
        said: 0,
        tools: 0,
        usage: 0,
        error: 0,
      });
      row.n++;
      if (complete) row.complete++;
      if (response.model) row.model++;
      if (response.finishReasons) row.finish++;
      if (said) row.said++;
      if (!said && !error && !SILENT.test(x.endpoint)) odd.push(`silent ${x.id}`);
      // Cohere's gave none in 2024.
      const early = x.endpoint === 'v1.chat' && x.request.connectors !== undefined;
      if (!response.finishReasons && !error && !ENDLESS.test(x.endpoint) && !early) odd.push(`no finish reason ${x.id}`);
      if (response.toolCalls) row.tools++;
      if (usage) row.usage++;
      if (error) row.error++;
      if (!complete && !error) odd.push(`incomplete ${x.id}`);
      for (const call of response.toolCalls ?? []) if (call.name === '') odd.push(`nameless call ${x.id}`);
      if (!x.operation.request(x.request).model && !x.request?.prompt && !x.request?.agent_id && !x.endpoint.startsWith('v1.'))
        odd.push(`no request model ${x.id}`);
    }
    console.table(table);
    expect(odd).toEqual([]);
  });

  test('usage is what the wire says', () => {
    let compared = 0;
    for (const x of good) {
      const { usage } = x.operation.response(decodeBody(x.operation, x.text, x.contentType).body);
      const { input, output } = usage ?? {};
      expect({ ...(input !== undefined && { input }), ...(output !== undefined && { output }) }, x.id).toEqual(wireUsage(x));
      if (usage) compared++;
    }
    expect(compared).toBeGreaterThan(60);
  });

  test('every prefix of every stream is readable', () => {
    for (const x of good) {
      if (x.framing === 'json') continue;
      const chunks = events(x);
      for (let length = 0; length < chunks.length; length += Math.max(1, Math.floor(chunks.length / 40))) {
        const assembler = x.operation.assembler!();
        for (const chunk of chunks.slice(0, length)) assembler.push(chunk);
        const { body } = assembler.result();
        x.operation.response(body);
        x.operation.output(body);
      }
    }
  });

  test('P7 every error answer says what it is', () => {
    // Mistral's `{ detail: sentence }` holds no code at all.
    const failed = exchanges.filter((x) => x.status >= 400 && !x.text.startsWith('{"detail":'));
    expect(failed.length).toBeGreaterThan(15);
    for (const x of failed) {
      const { error, usage } = x.operation.response(decodeBody(x.operation, x.text, x.contentType).body);
      expect(error?.type, x.id).toMatch(/^[\w-]+$/);
      expect(usage).toBeUndefined();
    }
  });
});

const CONTENT: Record<keyof MessageContent, string> = {
  input: 'gen_ai.input.messages',
  output: 'gen_ai.output.messages',
  system: 'gen_ai.system_instructions',
  tools: 'gen_ai.tool.definitions',
};

describe.skipIf(!haveExchanges)('T1 messages keep the conventions', () => {
  const spanOf = (x: WireExchange, index: number) => {
    const { body } = decodeBody(x.operation, x.text, x.contentType);
    const content: MessageContent = { ...x.operation.input(x.request), output: x.operation.output(body) };
    const name = x.operation.operation === 'embeddings' ? 'embeddings' : 'chat';
    const attributes: [string, string][] = [
      ['gen_ai.operation.name', name],
      ['gen_ai.provider.name', 'openai'],
      ['gen_ai.request.model', 'm'],
    ];
    for (const [key, attribute] of Object.entries(CONTENT)) {
      const value = content[key as keyof MessageContent];
      if (value !== undefined) attributes.push([attribute, JSON.stringify(value)]);
    }
    return {
      traceId: 'a'.repeat(32),
      spanId: (index + 1).toString(16).padStart(16, '0'),
      name: `${name} m`,
      kind: 3,
      startTimeUnixNano: '1',
      endTimeUnixNano: '2',
      attributes: attributes.map(([key, stringValue]) => ({ key, value: { stringValue } })),
    };
  };

  test.each(['main', '1.41'])('no violation in profile %s', async (profile) => {
    const { validate, loadSpec } = await import(pathToFileURL(join(SHARED, 'semconv/validate.mjs')).href);
    const spans = exchanges.map(spanOf);
    const resource = { attributes: [{ key: 'service.name', value: { stringValue: 'test' } }] };
    const { findings } = validate({ resourceSpans: [{ resource, scopeSpans: [{ spans }] }] }, loadSpec(), { profile });
    const told = findings.map((finding: any) => `${exchanges[Number.parseInt(finding.spanId, 16) - 1]?.id}: ${finding.message}`);
    expect(findings.filter((finding: any) => finding.level === 'violation').length, told.join('\n')).toBe(0);
    const improvements = findings
      .filter((finding: any) => finding.level === 'improvement')
      .map((f: any) => `${f.id}: ${f.message}`);
    console.log(`${profile}: ${spans.length} spans, ${improvements.length} improvements`, [...new Set(improvements)]);
  });
});
