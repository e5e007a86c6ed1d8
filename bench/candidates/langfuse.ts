import type { Candidate } from '../candidate.ts';

/** Langfuse's client wrapper (OpenAI only), with content, batched to the sink as its documentation sets it up. */
export const candidate: Candidate = {
  start: ({ peer, sink }) => {
    const { observeOpenAI } = peer('langfuse', '@langfuse/openai');
    const { LangfuseSpanProcessor } = peer('langfuse', '@langfuse/otel');
    const { NodeTracerProvider } = peer('langfuse', '@opentelemetry/sdk-trace-node');
    const processor = new LangfuseSpanProcessor({ publicKey: 'pk-lf-bench', secretKey: 'sk-lf-bench', baseUrl: sink });
    new NodeTracerProvider({ spanProcessors: [processor] }).register();
    return Promise.resolve({ wrapOpenAI: (client) => observeOpenAI(client), flush: () => processor.forceFlush() });
  },
};
