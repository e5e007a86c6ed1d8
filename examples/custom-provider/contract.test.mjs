// The suite that every provider of hindcast passes, run on this one: node --test examples/custom-provider/contract.test.mjs
import { test } from 'node:test';
import { fragmentsOf, providerContract } from 'hindcast/testing';
import { AcmeProvider } from './acme-provider.mjs';

const consumed = (tokens) => tokens && { prompt: tokens.input, completion: tokens.output };
const wants = (tools) => tools?.map(({ id, name, arguments: given }) => ({ ref: id, tool: name, with: JSON.parse(given) }));
const line = (chunk) => `${JSON.stringify(chunk)}\n`;

const wire = {
  answer: ({ text = 'Meep.', tools, tokens = { input: 12, output: 5 } } = {}) => ({
    ref: 'a-1',
    model: 'anvil-2',
    output: text,
    done: 'end',
    wants: wants(tools),
    consumed: consumed(tokens),
  }),
  stream: ({ text = 'Meep.', tools, tokens, fragments = 2 } = {}) => [
    line({ ref: 'a-1', model: 'anvil-2' }),
    ...fragmentsOf(text, fragments).map((piece) => line({ piece })),
    line({ done: 'end', wants: wants(tools), consumed: consumed(tokens) }),
  ],
  streamHeaders: { 'content-type': 'application/x-ndjson' },
  error: ({ status, message, requestId, retryAfterSeconds, code }) => ({
    status,
    headers: {
      ...(requestId && { 'x-request-id': requestId }),
      ...(retryAfterSeconds && { 'retry-after': String(retryAfterSeconds) }),
    },
    body: { fault: code, said: message },
  }),
  errorEvent: line({ fault: 'overloaded', said: 'Too much.' }),
  requestIdHeader: 'x-request-id',
  odd: [{}, [], null, { output: 7, consumed: 'much' }],
};

const checks = providerContract({
  name: 'acme',
  provider: new AcmeProvider(),
  operation: 'text_completion',
  load: () => import('./acme-ai/index.mjs'),
  client: ({ Acme }, url, { maxRetries }) => new Acme({ baseURL: url, maxRetries }),
  chat: (acme, options) => acme.generate({ model: 'anvil-2', prompt: 'Hi' }, options),
  stream: (acme, options) => acme.generate({ model: 'anvil-2', prompt: 'Hi', stream: true }, options),
  // Acme's server remembers the turns before the last one.
  toolTurn: (acme, turns) => {
    const results = turns.slice(-1).map(({ id, result }) => ({ ref: id, said: result }));
    return acme.generate({ model: 'anvil-2', prompt: 'Hi', results });
  },
  wire,
  errors: {
    byStatus: { 400: 'AcmeError', 429: 'AcmeError', 500: 'AcmeError' },
    abort: 'AbortError',
    refused: 'TypeError',
  },
  can: {
    retries: true,
    abort: true,
    abortInStream: true,
    incompleteStreams: true,
    exchanges: true,
    answerer: true,
    toolCallIds: true,
    responseIds: true,
    responseModels: true,
    errorCodes: true,
    errorHeaders: true,
    droppedStreams: true,
  },
  methods: ({ Acme }) => [
    [Acme.prototype, 'generate'],
    [Acme.prototype, 'send'],
  ],
});

for (const { name, skip, run } of checks) void test(name, { skip }, run);
