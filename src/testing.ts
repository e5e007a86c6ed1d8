/** `hindcast/testing`: recordings as tests; the suite that a provider must pass, and what a test of one is written with. */
export { providerContract } from './testing/contract/suite.ts';
export type {
  CallOptions,
  Capabilities,
  ClientOptions,
  ContractCheck,
  ContractEmbeddings,
  ContractErrors,
  ContractWire,
  ProviderSpec,
  ToolTurn,
} from './testing/contract/spec.ts';
export { InMemoryEvent, InMemoryExchange, InMemoryRecorder, recordInMemory } from './testing/in-memory-recorder.ts';
export type { InMemoryOptions } from './testing/in-memory-recorder.ts';
export { replay } from './testing/replay.ts';
export type { ReplayOptions } from './testing/replay.ts';
export type { ReplayResult } from './testing/replay-result.ts';
export { startRefusal, startStandIn } from './testing/stand-in.ts';
export type { Answer, Refusal, Reply, StandIn, StandInRequest } from './testing/stand-in.ts';
export { chatCompletion, chatCompletionStream, embedding, fragmentsOf, openaiError, sse } from './testing/wire.ts';
export type { WireAnswer, WireError, WireTokens, WireToolCall } from './testing/wire.ts';
