/** The closed vocabularies of failures, decisions and quality signals (docs/words.md). Codes are checked by types and at run time. */

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

export const SIGNAL_CODES = {
  schema_valid: ['full_match', 'partial_match', 'validation_failed', 'no_schema_defined'],
  empty_retrieval: ['no_results', 'filtered_out', 'index_empty'],
  tool_success: ['first_attempt', 'after_retry', 'fallback_used'],
  tool_failure: ['timeout', 'invalid_input', 'unavailable', 'rate_limited', 'authentication_failed'],
  retry_occurred: ['single_retry', 'multiple_retries', 'max_retries_reached'],
  latency_threshold: ['under_threshold', 'exceeded_threshold', 'significantly_exceeded'],
  token_usage: ['low_usage', 'moderate_usage', 'high_usage', 'limit_approached'],
} as const;

export type FailureType = keyof typeof FAILURE_CODES;
export type FailureCode<T extends FailureType = FailureType> = (typeof FAILURE_CODES)[T][number];
export type DecisionType = keyof typeof DECISION_CODES;
export type DecisionCode<T extends DecisionType = DecisionType> = (typeof DECISION_CODES)[T][number];
export type SignalType = keyof typeof SIGNAL_CODES;
export type SignalCode<T extends SignalType = SignalType> = (typeof SIGNAL_CODES)[T][number];

const TABLES = { failure: FAILURE_CODES, decision: DECISION_CODES, signal: SIGNAL_CODES } as const;

/** Whether `code` belongs to `type` in the vocabulary of `kind`. */
export function isKnownCode(kind: keyof typeof TABLES, type: string, code: string): boolean {
  const codes = (TABLES[kind] as Record<string, readonly string[]>)[type];
  return codes !== undefined && codes.includes(code);
}
