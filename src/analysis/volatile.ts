/** What of a provider's request or answer is another one on every run without meaning anything: ids that somebody made up, and times. */

/** Members that hold an id whatever it looks like: they lead from a result to its call, or to an answer before. */
const LINKS = new Set([
  'call_id',
  'item_id',
  'previous_response_id',
  'request_id',
  'response_id',
  'tool_call_id',
  'tool_use_id',
  'toolCallId',
  'toolUseId',
]);
const TIMES = new Set(['created', 'created_at', 'createdAt', 'timestamp']);
/** An id as providers make them: `call_4f1a`, `toolu_01A`, a UUID. */
const MADE =
  /^(?:(?:call|chatcmpl|cmpl|fc|fco|gen|item|msg|req|resp|rs|run|tool|toolu|tooluse)[_-][\w-]+|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})$/i;
/** Parts that are a call of a tool: their id may look like anything. */
const CALLS = /^(?:tool_call|tool_use|tool_result|tool-call|tool-result|function$|function_call|custom_tool_call|server_tool)/;

/** A copy of a body without what is volatile. What a tool was called with is kept whole: an id in it is what the model chose. */
export function withoutVolatile(body: unknown): unknown {
  return without(body, 0);
}

/** Deeper than this there are only values of tools and schemas, no ids of a provider. */
const DEPTH_MAX = 32;

function without(value: unknown, depth: number): unknown {
  if (typeof value !== 'object' || value === null || depth > DEPTH_MAX) return value;
  if (Array.isArray(value)) return value.map((each) => without(each, depth + 1));
  const members = value as Record<string, unknown>;
  const isCall = typeof members['type'] === 'string' && CALLS.test(members['type']);
  return Object.fromEntries(
    Object.entries(members)
      .filter(([name, inner]) => !isVolatile(name, inner, isCall))
      .map(([name, inner]) => [name, isOfTool(name, inner, isCall) ? inner : without(inner, depth + 1)]),
  );
}

function isVolatile(name: string, value: unknown, isCall: boolean): boolean {
  if (LINKS.has(name)) return typeof value === 'string';
  if (TIMES.has(name)) return typeof value === 'number' || typeof value === 'string';
  return name === 'id' && typeof value === 'string' && (isCall || MADE.test(value));
}

/** Arguments, results and schemas: the app's and the model's own words. */
function isOfTool(name: string, value: unknown, isCall: boolean): boolean {
  return (
    name === 'parameters' ||
    name === 'input_schema' ||
    name === 'arguments' ||
    name === 'args' ||
    (isCall && (name === 'input' || (name === 'response' && !Array.isArray(value))))
  );
}
