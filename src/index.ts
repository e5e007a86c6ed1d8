/** The public API. */
export { configure, createClient, flush, init, shutdown } from './client/init.ts';
export type { Client } from './client/init.ts';
export type { Configured, Refusal } from './client/changes.ts';
export type { IsolatedClient } from './client/isolated.ts';
export type {
  EventProcessor,
  ExportedBatch,
  ExportedEvent,
  ExportedSpan,
  Exporter,
  Redactor,
  SpanAttribute,
} from './client/extension.ts';
export type { Options } from './client/options.ts';
export { explain } from './client/explain.ts';
export type { ExplainOptions } from './client/explain.ts';
export type { Explanation } from './analysis/explanation.ts';
export { stats } from './client/session-stats.ts';
export type { StatsOptions } from './client/session-stats.ts';
export type { ModelPrice } from './analysis/prices.ts';
export { contextEnv, contextHeaders } from './session/sessions.ts';
export { currentSession, endAllSessions, endSession, getSession, startSession } from './session/sessions.ts';
export type { Session, SessionMetadata, SessionOptions } from './session/sessions.ts';
export type { ContextEnv, ContextHeaders, IncomingHeaders } from './session/context-carrier.ts';
export type { MetadataValue, SessionLink } from './events/lines.ts';
export { recordAction, recordTool } from './session/wrappers.ts';
export type { ActionOptions, ToolOptions } from './session/wrappers.ts';
export type { FunctionDecorator } from './session/decorate.ts';
export { trackAgent } from './session/track-agent.ts';
export type { AgentDecorator, AgentOptions } from './session/track-agent.ts';
export { record } from './session/record.ts';
export { track } from './session/track.ts';
export type { CustomStart, TrackedEnd, TrackedEvent, TrackInput } from './session/track.ts';
export type { ActionEvent, CustomEvent, ErrorEvent } from './session/event-input.ts';
export type { EventError, EventInput, LLMEvent, ToolEvent } from './session/event-input.ts';
export { recordDecision, recordFailure, recordQualitySignal } from './session/notes.ts';
export type { DecisionInput, FailureInput, SignalInput } from './session/notes.ts';
export type { EndReason, SessionState, SessionStats } from './events/model.ts';
export { currentRun, startRun } from './session/runs.ts';
export type { Run, RunEnd, RunOptions } from './session/runs.ts';
export type { AgentFacts, AttributeValue, RunStatus } from './events/model.ts';
export type { Step, StepOptions } from './session/steps.ts';
export { DECISION_CODES, FAILURE_CODES, SIGNAL_CODES, STEP_TYPES } from './events/vocabulary.ts';
export type { DecisionCode, DecisionType, FailureCode, FailureType } from './events/vocabulary.ts';
export type { SignalCode, SignalType, StepType } from './events/vocabulary.ts';
export { registerVocabulary } from './events/custom-vocabulary.ts';
export type { CustomVocabulary, Vocabulary } from './events/custom-vocabulary.ts';
export { BaseProvider } from './providers/base-provider.ts';
export type { CallSession, CallSpec } from './providers/base-provider.ts';
export type { Assembler, InputContent, Operation, ResponseFacts } from './providers/contract.ts';
export { defineOperation } from './providers/operation.ts';
export type { ChunkFolder, Decoders } from './providers/operation.ts';
export type { PatchedModule, PatchReport, Provider } from './providers/provider.ts';
export { registerProvider } from './providers/registered.ts';
export type { ModuleTarget } from './patch/reach.ts';
export type { InputMessage, MessagePart, OutputMessage, ToolDefinition } from './events/content.ts';
export type { ErrorFacts, LlmRequest, LlmResponse, Usage } from './events/model.ts';
