// An app with OpenTelemetry of its own: a global provider, a context manager, a propagator. It makes one call of Anthropic's SDK, plain and streamed, and one of OpenAI's, below a span of its own.
import { createRequire } from 'node:module';

const require = createRequire(import.meta.url);
const { context, propagation, trace } = require('@opentelemetry/api');
const { AsyncLocalStorageContextManager } = require('@opentelemetry/context-async-hooks');
const { W3CTraceContextPropagator } = require('@opentelemetry/core');
const { BasicTracerProvider, SimpleSpanProcessor } = require('@opentelemetry/sdk-trace-base');
const { OTLPTraceExporter } = require('@opentelemetry/exporter-trace-otlp-http');

const exporter = new OTLPTraceExporter({ url: `${process.env.APP_BACKEND}/v1/traces` });
const provider = new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] });
trace.setGlobalTracerProvider(provider);
context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
propagation.setGlobalPropagator(new W3CTraceContextPropagator());

let client;
if (process.env.WITH_HINDCAST) {
  const { init } = await import('hindcast');
  client = init({ quiet: true, logLevel: 'off', record: 'full' });
}
const { Anthropic } = await import('@anthropic-ai/sdk');
const { OpenAI } = await import('openai');
const anthropic = new Anthropic({ apiKey: 'none', baseURL: process.env.PROVIDER });
const openai = new OpenAI({ apiKey: 'none', baseURL: `${process.env.PROVIDER}/v1` });
const body = { model: 'claude-x', max_tokens: 9, messages: [{ role: 'user', content: 'Hi' }] };

await trace.getTracer('app').startActiveSpan('app-root', async (span) => {
  const message = await anthropic.messages.create(body);
  console.log(JSON.stringify(message.content));
  let events = 0;
  for await (const _ of await anthropic.messages.create({ ...body, stream: true })) events++;
  console.log(events);
  const chat = await openai.chat.completions.create({ model: 'gpt-x', messages: [{ role: 'user', content: 'Hi' }] });
  console.log(chat.choices[0].message.content);
  span.end();
});
await provider.forceFlush();
await client?.flush(10_000);
