/** The closed vocabularies of steps, failures, decisions and quality signals. Words are checked by types and at run time; an app adds its own in custom-vocabulary.ts. */
import type { CustomVocabulary } from './custom-vocabulary.ts';

/** What kind of action a step is. */
export const STEP_TYPES = ['plan', 'retrieve', 'tool', 'respond', 'other'] as const;

/** Why something failed: from a type to its codes. */
export const FAILURE_CODES = {
  tool: ['timeout', 'invalid_response', 'connection_error', 'api_error', 'auth_error', 'schema_invalid'],
  model: [
    'rate_limit',
    'context_length_exceeded',
    'invalid_output',
    'timeout',
    'quota_exceeded',
    'connection_error',
    'api_error',
    'auth_error',
    'content_filter',
  ],
  retrieval: ['no_results', 'connection_error', 'timeout', 'invalid_query', 'empty_retrieval'],
  orchestration: ['max_retries_exceeded', 'invalid_state', 'constraint_violation', 'uncaught_exception', 'aborted'],
} as const;

/** Why an agent took one way and not another: from what was decided to the reasons for it. */
export const DECISION_CODES = {
  tool_selection: [
    'fresh_data_required',
    'cached_data_sufficient',
    'tool_unavailable',
    'cost_optimization',
    'latency_optimization',
    'accuracy_required',
  ],
  retrieval_strategy: [
    'semantic_search_preferred',
    'keyword_match_sufficient',
    'hybrid_approach_needed',
    'filter_applied',
    'rerank_required',
  ],
  response_mode: ['streaming_requested', 'batch_preferred', 'format_constraint', 'length_constraint'],
  retry_strategy: [
    'transient_error_detected',
    'rate_limit_encountered',
    'no_retry_terminal_error',
    'retry_budget_exhausted',
    'backoff_required',
  ],
  orchestration_path: ['sequential_required', 'parallel_preferred', 'conditional_branch', 'early_exit', 'fallback_path'],
} as const;

/** What was observed about quality: from a type to its codes. */
export const SIGNAL_CODES = {
  schema_valid: ['full_match', 'partial_match', 'validation_failed', 'no_schema_defined'],
  empty_retrieval: ['no_results', 'filtered_out', 'index_empty'],
  tool_success: ['first_attempt', 'after_retry', 'fallback_used'],
  tool_failure: ['timeout', 'invalid_input', 'unavailable', 'rate_limited', 'authentication_failed'],
  retry_occurred: ['single_retry', 'multiple_retries', 'max_retries_reached'],
  latency_threshold: ['under_threshold', 'exceeded_threshold', 'significantly_exceeded'],
  token_usage: ['low_usage', 'moderate_usage', 'high_usage', 'limit_approached'],
} as const;

/** What an app has added of one kind; nothing where it has not. */
type Added<K extends string> = K extends keyof CustomVocabulary ? CustomVocabulary[K] : unknown;
type Types<Codes, K extends string> = keyof Codes | (keyof Added<K> & string);
type CodesOf<Codes, K extends string, T> =
  | (T extends keyof Codes ? (Codes[T] extends readonly (infer C)[] ? C : never) : never)
  | (T extends keyof Added<K> ? Added<K>[T] & string : never);

/** The words of a list, and those that an app has added to it. */
type Words<List extends readonly string[], K extends string> =
  | List[number]
  | (K extends keyof CustomVocabulary ? CustomVocabulary[K] & string : never);

export type StepType = Words<typeof STEP_TYPES, 'step'>;
export type FailureType = Types<typeof FAILURE_CODES, 'failure'>;
export type FailureCode<T extends FailureType = FailureType> = CodesOf<typeof FAILURE_CODES, 'failure', T>;
export type DecisionType = Types<typeof DECISION_CODES, 'decision'>;
export type DecisionCode<T extends DecisionType = DecisionType> = CodesOf<typeof DECISION_CODES, 'decision', T>;
export type SignalType = Types<typeof SIGNAL_CODES, 'signal'>;
export type SignalCode<T extends SignalType = SignalType> = CodesOf<typeof SIGNAL_CODES, 'signal', T>;
