/** What was said in one LLM call, in the shape of the GenAI conventions' message schemas. Only built when content was opted in. */

/** A part of a message. `type` decides which of the other members are there, as in the conventions' JSON schemas. */
export interface MessagePart {
  type: string;
  content?: string;
  id?: string | null;
  name?: string;
  arguments?: unknown;
  response?: unknown;
  modality?: string;
  mime_type?: string;
  file_id?: string;
  uri?: string;
  server_tool_call?: { type: string };
  server_tool_call_response?: { type: string };
}

export interface InputMessage {
  role: string;
  parts: MessagePart[];
  name?: string;
}

export interface OutputMessage extends InputMessage {
  /** The conventions' word (`stop`, `length`, `tool_call`, `content_filter`, `error`), not the provider's. */
  finish_reason: string;
}

export interface ToolDefinition {
  type: string;
  name: string;
  description?: string;
  parameters?: unknown;
}

export interface MessageContent {
  system?: MessagePart[];
  input?: InputMessage[];
  output?: OutputMessage[];
  tools?: ToolDefinition[];
}

/** The conventions' word for a provider's finish reason. One table, used for the span attribute and for messages alike. */
const FINISH: Record<string, string> = {
  stop: 'stop',
  end_turn: 'stop',
  stop_sequence: 'stop',
  completed: 'stop',
  complete: 'stop',
  eos: 'stop',
  pause_turn: 'stop',
  length: 'length',
  max_tokens: 'length',
  max_output_tokens: 'length',
  model_context_window_exceeded: 'length',
  model_length: 'length',
  incomplete: 'length',
  tool_calls: 'tool_call',
  tool_call: 'tool_call',
  tool_use: 'tool_call',
  function_call: 'tool_call',
  content_filter: 'content_filter',
  refusal: 'content_filter',
  budget_exceeded: 'length',
  requires_action: 'tool_call',
  safety: 'content_filter',
  recitation: 'content_filter',
  blocklist: 'content_filter',
  prohibited_content: 'content_filter',
  spii: 'content_filter',
  image_safety: 'content_filter',
  image_prohibited_content: 'content_filter',
  image_recitation: 'content_filter',
  model_armor: 'content_filter',
  jailbreak: 'content_filter',
  malformed_function_call: 'error',
  malformed_response: 'error',
  unexpected_tool_call: 'error',
  finish: 'stop',
  finished: 'stop',
  stop_criteria_met: 'stop',
  endoftext: 'stop',
  content_filtered: 'content_filter',
  guardrail_intervened: 'content_filter',
  malformed_model_output: 'error',
  malformed_tool_use: 'error',
  error_limit: 'length',
  error_toxic: 'content_filter',
  timeout: 'error',
  compaction: 'compaction',
  failed: 'error',
  error: 'error',
};

/** Maps a provider's finish reason to the conventions' word; an unknown one passes through in lower case. */
export function finishReason(reason: string): string {
  const word = reason.toLowerCase();
  return FINISH[word] ?? word;
}
