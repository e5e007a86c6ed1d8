/** The codes of the vocabularies in words. A code that an app has added is said as it is written, with spaces. */
import type { DECISION_CODES, FAILURE_CODES, SIGNAL_CODES } from '../events/vocabulary.ts';

type Words<Codes extends Record<string, readonly string[]>> = { [T in keyof Codes]: Record<Codes[T][number], string> };

const FAILURES: Words<typeof FAILURE_CODES> = {
  tool: {
    timeout: 'the tool did not answer in time',
    invalid_response: 'the tool answered with something that could not be used',
    connection_error: 'the tool could not be reached',
    api_error: 'the tool, or the service behind it, answered with an error',
    auth_error: 'the tool was refused access',
    schema_invalid: 'the arguments or the result did not fit the schema of the tool',
  },
  model: {
    rate_limit: 'the provider limited the rate of requests',
    context_length_exceeded: 'the request was longer than the context of the model',
    invalid_output: 'the model answered with something that could not be used',
    timeout: 'the model did not answer in time',
    quota_exceeded: 'the quota or the credit of the account was used up',
    connection_error: 'the provider could not be reached',
    api_error: 'the provider answered with an error',
    auth_error: 'the provider did not accept the credentials',
    content_filter: 'a content filter stopped the request or the answer',
  },
  retrieval: {
    no_results: 'the search found nothing',
    connection_error: 'the source could not be reached',
    timeout: 'the source did not answer in time',
    invalid_query: 'the source did not accept the query',
    empty_retrieval: 'the source answered with nothing in it',
  },
  orchestration: {
    max_retries_exceeded: 'it had been tried as often as is allowed',
    invalid_state: 'the agent was in a state that it must not be in',
    constraint_violation: 'a limit or a rule of the agent was broken',
    uncaught_exception: 'an exception was thrown that nobody caught',
    aborted: 'it was told to stop',
  },
};

const DECISIONS: Words<typeof DECISION_CODES> = {
  tool_selection: {
    fresh_data_required: 'fresh data was needed',
    cached_data_sufficient: 'data from the cache was enough',
    tool_unavailable: 'a tool was not available',
    cost_optimization: 'to spend less',
    latency_optimization: 'to be faster',
    accuracy_required: 'accuracy was needed',
  },
  retrieval_strategy: {
    semantic_search_preferred: 'a search by meaning was preferred',
    keyword_match_sufficient: 'a search by words was enough',
    hybrid_approach_needed: 'a search by meaning and by words was needed',
    filter_applied: 'a filter was applied',
    rerank_required: 'the results had to be ranked again',
  },
  response_mode: {
    streaming_requested: 'a stream was asked for',
    batch_preferred: 'one whole answer was preferred',
    format_constraint: 'the format of the answer was given',
    length_constraint: 'the length of the answer was limited',
  },
  retry_strategy: {
    transient_error_detected: 'the error was one that passes',
    rate_limit_encountered: 'a rate limit was met',
    no_retry_terminal_error: 'the error was one that stays: not tried again',
    retry_budget_exhausted: 'no further attempt was left',
    backoff_required: 'a wait was needed first',
  },
  orchestration_path: {
    sequential_required: 'one after the other was needed',
    parallel_preferred: 'side by side was preferred',
    conditional_branch: 'a condition chose the branch',
    early_exit: 'nothing more was needed',
    fallback_path: 'the second choice was taken',
  },
};

const SIGNALS: Words<typeof SIGNAL_CODES> = {
  schema_valid: {
    full_match: 'the output fits the schema',
    partial_match: 'the output fits the schema in part',
    validation_failed: 'the output does not fit the schema',
    no_schema_defined: 'there is no schema to check against',
  },
  empty_retrieval: {
    no_results: 'the search found nothing',
    filtered_out: 'a filter removed every result',
    index_empty: 'there is nothing in the index',
  },
  tool_success: {
    first_attempt: 'the tool did it at the first attempt',
    after_retry: 'the tool did it after a retry',
    fallback_used: 'another tool did it',
  },
  tool_failure: {
    timeout: 'the tool did not answer in time',
    invalid_input: 'the tool did not accept its input',
    unavailable: 'the tool was not available',
    rate_limited: 'the tool limited the rate of requests',
    authentication_failed: 'the tool did not accept the credentials',
  },
  retry_occurred: {
    single_retry: 'one retry was needed',
    multiple_retries: 'several retries were needed',
    max_retries_reached: 'it was tried as often as is allowed',
  },
  latency_threshold: {
    under_threshold: 'it took less time than the limit',
    exceeded_threshold: 'it took more time than the limit',
    significantly_exceeded: 'it took far more time than the limit',
  },
  token_usage: {
    low_usage: 'few tokens were used',
    moderate_usage: 'a middling number of tokens was used',
    high_usage: 'many tokens were used',
    limit_approached: 'the limit of tokens came near',
  },
};

const WORDS = { failure: FAILURES, decision: DECISIONS, signal: SIGNALS } as const;

/** What a code of a failure, a decision or a signal means. */
export function meaningOf(kind: keyof typeof WORDS, type: string, code: string): string {
  const types: Record<string, Record<string, string>> = WORDS[kind];
  const codes = Object.hasOwn(types, type) ? types[type] : undefined;
  const words = codes !== undefined && Object.hasOwn(codes, code) ? codes[code] : undefined;
  return words ?? code.replaceAll('_', ' ');
}
