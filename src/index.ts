/** The public API. */
export { flush, init, shutdown } from './client/init.ts';
export type { Client } from './client/init.ts';
export type { Options } from './client/options.ts';
export { currentSession, endAllSessions, endSession, getSession, startSession } from './session/sessions.ts';
export type { Session, SessionOptions } from './session/sessions.ts';
export { recordAction, recordTool } from './session/wrappers.ts';
export type { ToolOptions } from './session/wrappers.ts';
export { recordDecision, recordFailure, recordQualitySignal } from './session/notes.ts';
export type { DecisionInput, FailureInput, SignalInput } from './session/notes.ts';
export type { EndReason, SessionState, SessionStats } from './events/model.ts';
export type { DecisionCode, DecisionType, FailureCode, FailureType, SignalCode, SignalType } from './events/vocabulary.ts';
