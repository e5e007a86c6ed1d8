/** Recorded exchanges of Bedrock, where they lie beside the repository: what was decoded is compared with what their JSON says. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { Operation } from '../../../src/providers/contract.ts';
import { converse } from '../../../src/providers/bedrock/converse.ts';
import { invokeOperation, invokeRequest } from '../../../src/providers/bedrock/invoke-model.ts';
import { decodeBody } from '../../../src/providers/wire-body.ts';
import { SHARED } from './wire-exchanges.ts';

const FOLDER = join(SHARED, 'wire/open/bedrock');
const found = existsSync(FOLDER) ? readdirSync(FOLDER) : [];

interface Exchange {
  id: string;
  operation: Operation;
  request: any;
  status: number;
  contentType: string;
  bytes: Uint8Array;
  /** What the wire says, read with the offsets of the encoding alone. */
  documents: any[];
}

function load(name: string): Exchange {
  const { id, endpoint, request, response } = JSON.parse(readFileSync(join(FOLDER, name), 'utf8'));
  const bytes = response.chunks
    ? Buffer.concat(response.chunks.map((chunk: string) => Buffer.from(chunk, 'base64')))
    : Buffer.from(JSON.stringify(response.body));
  const documents: any[] = response.chunks ? [] : [response.body];
  for (let at = 0; response.chunks && at < bytes.length; at += bytes.readUInt32BE(at)) {
    const payload = JSON.parse(bytes.subarray(at + 12 + bytes.readUInt32BE(at + 4), at + bytes.readUInt32BE(at) - 4).toString());
    documents.push(payload.bytes === undefined ? payload : JSON.parse(Buffer.from(payload.bytes, 'base64').toString()));
  }
  const model = decodeURIComponent(request.path.split('/')[2]);
  const body = { ...request.body, model };
  const operation = endpoint.startsWith('converse') ? converse : invokeOperation(invokeRequest(body));
  return {
    id,
    operation,
    request: body,
    status: response.status,
    contentType: response.headers['content-type'],
    bytes,
    documents,
  };
}

/** Every value under one of `names`, in order. */
function valuesOf(value: any, ...names: string[]): any[] {
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, member]) => (names.includes(key) ? [member] : valuesOf(member, ...names)));
}

const exchanges = found.filter((name) => name.endsWith('.json')).map(load);
if (exchanges.length === 0) console.log(`skipped: no recorded exchanges in ${FOLDER}`);

describe.skipIf(exchanges.length === 0)('P5 P6 P7 real exchanges of Bedrock', () => {
  test.each(exchanges.map((one) => [one.id, one] as const))(
    '%s',
    (_, { operation, request, status, contentType, bytes, documents }) => {
      const { body, complete } = decodeBody(operation, bytes, contentType);
      const { response, usage, error } = operation.response(body);
      expect(operation.request(request)).toMatchObject({ model: request.model, messageCount: request.messages.length });
      expect(complete).toBe(true);
      if (status >= 400) {
        expect(error).toEqual({ type: 'error' });
        return;
      }
      expect(error).toBeUndefined();
      const last = (...names: string[]): any => valuesOf(documents, ...names).findLast((value) => value !== null);
      const cached = [
        last('cacheReadInputTokens', 'cacheReadInputTokenCount', 'cache_read_input_tokens') ?? 0,
        last('cacheWriteInputTokens', 'cacheWriteInputTokenCount', 'cache_creation_input_tokens') ?? 0,
      ];
      expect(usage).toMatchObject({
        input: last('inputTokens', 'input_tokens') + cached[0] + cached[1],
        output: last('outputTokens', 'output_tokens'),
      });
      expect(response.finishReasons).toEqual([last('stopReason', 'stop_reason')]);
      expect(response.model).toBe(last('model'));
      const parts = operation.output(body).flatMap((message) => message.parts);
      const tools = valuesOf(documents, 'toolUse', 'content_block').filter((block) => typeof block.name === 'string');
      expect(parts.filter(({ type }) => type === 'tool_call').map(({ name }) => name)).toEqual(tools.map(({ name }) => name));
      expect(response.toolCalls?.map(({ name }) => name) ?? []).toEqual(tools.map(({ name }) => name));
      for (const part of parts) if (part.type === 'tool_call') expect(part.arguments).toBeTypeOf('object');
      const text = parts.flatMap(({ content }) => content ?? []).join('');
      expect(text).toBe(
        valuesOf(documents, 'text')
          .filter((value) => typeof value === 'string')
          .join(''),
      );
      expect(parts.length).toBeGreaterThan(0);
    },
  );
});
