// An app with OpenTelemetry of its own, in which Mistral's SDK makes spans by itself. It makes a call, a stream and a call of a conversation, and prints the spans that its own provider was given.
import { createRequire } from 'node:module';

const require = createRequire(import.meta.url);
const { context, trace } = require('@opentelemetry/api');
const { AsyncLocalStorageContextManager } = require('@opentelemetry/context-async-hooks');
const { BasicTracerProvider, InMemorySpanExporter, SimpleSpanProcessor } = require('@opentelemetry/sdk-trace-base');

const exporter = new InMemorySpanExporter();
const provider = new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] });
trace.setGlobalTracerProvider(provider);
if (process.env.WITH_CONTEXT) context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());

const { init } = process.env.WITH_HINDCAST ? await import('../../../src/index.ts') : {};
const client = init?.({ quiet: true, logLevel: 'off', record: 'full' });
const { Mistral } = await import('@mistralai/mistralai');
const telemetry = await import('@mistralai/mistralai/extra/observability');
const mistral = new Mistral({ apiKey: 'key', serverURL: process.env.PROVIDER });
if (process.env.REGISTERED) telemetry.registerTracerProvider(provider);
const body = { model: 'm', messages: [{ role: 'user', content: 'Hi' }] };

await trace.getTracer('app').startActiveSpan('app-root', async (span) => {
  await mistral.chat.complete(body);
  for await (const _ of await mistral.chat.stream(body));
  await mistral.beta.conversations.start({ model: 'm', inputs: 'hi' });
  span.end();
});
await telemetry.shutdownTelemetry(mistral);
const spans = exporter.getFinishedSpans().map((span) => ({
  scope: span.instrumentationScope.name,
  name: span.name,
  id: span.spanContext().spanId,
  trace: span.spanContext().traceId,
  parent: span.parentSpanContext?.spanId,
  attributes: span.attributes,
}));
console.log(JSON.stringify(spans));
await client?.shutdown();
