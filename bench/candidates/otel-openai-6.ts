import type { Candidate } from '../candidate.ts';

/** OpenTelemetry's own instrumentation, without content (its default), on openai 6, the last major that it knows. */
export const candidate: Candidate = {
  start: ({ peer, sink }) => {
    const { context, metrics, trace } = peer('otel', '@opentelemetry/api');
    const { AsyncLocalStorageContextManager } = peer('otel', '@opentelemetry/context-async-hooks');
    const { BatchSpanProcessor, TracerProvider } = peer('otel', '@opentelemetry/sdk-trace');
    const { OpenAIInstrumentation } = peer('otel', '@opentelemetry/instrumentation-openai');
    const { OTLPTraceExporter } = peer('otel', '@opentelemetry/exporter-trace-otlp-http');
    const processor = new BatchSpanProcessor({ exporter: new OTLPTraceExporter({ url: `${sink}/v1/traces` }) });
    context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
    trace.setGlobalTracerProvider(new TracerProvider({ spanProcessors: [processor] }));
    const instrumentation = new OpenAIInstrumentation();
    // Without a meter provider its stream wrapper throws into the app.
    instrumentation.setMeterProvider(metrics.getMeterProvider());
    instrumentation.enable();
    return Promise.resolve({ OpenAI: peer('otel', 'openai').OpenAI, flush: () => processor.forceFlush() });
  },
};
