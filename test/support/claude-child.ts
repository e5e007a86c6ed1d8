/**
 * A stand-in for the program `claude` that the Claude Agent SDK starts. The real one weighs hundreds of megabytes and is not installed here: this one speaks its protocol, lines of JSON over
 * stdin and stdout, in the frames that the real one (2.1.330) was seen to send against a local server: one frame a content block, with the usage that the stream began with and no stop reason;
 * `modelUsage` of all that was used; `session_state_changed`; a request to the app for each call of one of its tools. What it does is what the first word of the prompt says.
 */
import { createInterface } from 'node:readline';

type Frame = Record<string, any>;

const MODEL = 'claude-opus-4-8';
const partial = process.argv.includes('--include-partial-messages');
const maxTurns = process.argv.some((arg) => arg.startsWith('--max-turns'));
const session = '00000000-0000-4000-8000-000000000001';
const waiting = new Map<string, (response: Frame) => void>();
const used = { input: 0, output: 0, read: 0, write: 0 };
const atResult = { ...used };
/** Of a session that is resumed, what was used before. */
const before = process.argv.some((arg) => arg.startsWith('--resume')) ? 5000 : 0;
let requests = 0;
let turns = 0;
let stop = (): void => {};

const send = (frame: Frame): void => void process.stdout.write(`${JSON.stringify({ session_id: session, ...frame })}\n`);
const state = (to: string): void => send({ type: 'system', subtype: 'session_state_changed', state: to, sdk_host_only: true });

async function ask(request: Frame): Promise<Frame> {
  const id = `request-${++requests}`;
  const answered = new Promise<Frame>((resolve) => waiting.set(id, resolve));
  send({ type: 'control_request', request_id: id, request });
  return await answered;
}

interface Call {
  id: string;
  name: string;
  input: unknown;
}

interface Answer {
  text?: string;
  calls?: Call[];
  parent?: string | null;
  silent?: boolean;
}

/** An answer of the model: a text and calls of tools. One that is `silent` is only paid for. */
function answer({ text, calls = [], parent = null, silent = false }: Answer): void {
  const n = ++turns;
  const usage = { input_tokens: 10 + n, cache_creation_input_tokens: 100, cache_read_input_tokens: 1000, output_tokens: 1 };
  const output = 20 + n;
  used.input += usage.input_tokens;
  used.output += output;
  used.read += 1000;
  used.write += 100;
  if (silent) return;
  const start = {
    id: `msg_${n}`,
    type: 'message',
    role: 'assistant',
    model: MODEL,
    stop_reason: null,
    stop_sequence: null,
    usage,
  };
  const streams = partial && parent === null;
  const stream = (event: Frame): void => {
    if (streams) send({ type: 'stream_event', event, parent_tool_use_id: parent });
  };
  stream({ type: 'message_start', message: { ...start, content: [] } });
  const blocks: Frame[] = [
    ...(text === undefined ? [] : [{ type: 'text', text }]),
    ...calls.map((call) => ({ type: 'tool_use', ...call })),
  ];
  for (const [index, block] of blocks.entries()) {
    stream({ type: 'content_block_start', index, content_block: block });
    send({ type: 'assistant', message: { ...start, content: [block] }, parent_tool_use_id: parent, request_id: `req_${n}` });
    stream({ type: 'content_block_stop', index });
  }
  const reason = calls.length > 0 ? 'tool_use' : 'end_turn';
  stream({ type: 'message_delta', delta: { stop_reason: reason, stop_sequence: null }, usage: { output_tokens: output } });
  stream({ type: 'message_stop' });
}

function toolResult(id: string, content: unknown, { isError = false, parent = null as string | null } = {}): void {
  const block = { type: 'tool_result', tool_use_id: id, content, ...(isError && { is_error: true }) };
  send({ type: 'user', message: { role: 'user', content: [block] }, parent_tool_use_id: parent });
}

function modelUsage(of: typeof used, base: number): Frame {
  const cost = (of.input * 5 + of.read * 0.5 + of.write * 6.25 + of.output * 25 + base) / 1e6;
  const tokens = { inputTokens: of.input + base, outputTokens: of.output, cacheReadInputTokens: of.read };
  return {
    [MODEL]: { ...tokens, cacheCreationInputTokens: of.write, webSearchRequests: 0, costUSD: cost, contextWindow: 200_000 },
  };
}

function result(more: Frame = {}): void {
  const since = { ...used };
  for (const key of Object.keys(used) as (keyof typeof used)[]) since[key] -= atResult[key];
  Object.assign(atResult, used);
  const total = modelUsage(used, before);
  const usage = { input_tokens: since.input, cache_creation_input_tokens: since.write, cache_read_input_tokens: since.read };
  send({
    ...{ type: 'result', subtype: 'success', is_error: false, result: 'done', stop_reason: 'end_turn', num_turns: turns },
    ...{ duration_ms: 1, duration_api_ms: 1, terminal_reason: 'completed', permission_denials: [] },
    ...{ usage: { ...usage, output_tokens: since.output }, modelUsage: total, total_cost_usd: total[MODEL].costUSD },
    ...{ model_usage_since_last_result: modelUsage(since, 0) },
    ...more,
  });
  state('idle');
}

/** The app's own tool is asked over the wire, after its permission and its hooks. */
async function ownTool({ id, input }: Call): Promise<void> {
  if (process.argv.some((arg) => arg.startsWith('--permission-prompt-tool'))) {
    await ask({ subtype: 'can_use_tool', tool_name: 'mcp__own__add', input, tool_use_id: id });
  }
  for (const hook of hooks) {
    await ask({ subtype: 'hook_callback', callback_id: hook, input: { hook_event_name: 'PreToolUse' }, tool_use_id: id });
  }
  const params = { name: 'add', arguments: input, _meta: { 'claudecode/toolUseId': id, progressToken: 2 } };
  const message = { jsonrpc: '2.0', id: ++requests, method: 'tools/call', params };
  const { response } = await ask({ subtype: 'mcp_message', server_name: 'own', message });
  const { content, isError } = response.mcp_response.result;
  toolResult(id, content, { isError });
}

const bash = (id: string): Call => ({ id, name: 'Bash', input: { command: 'echo hi' } });
const add = (id: string): Call => ({ id, name: 'mcp__own__add', input: { a: 1, b: 2 } });

async function subAgent(id: string, background: boolean): Promise<void> {
  const facts = { task_id: `task-${id}`, tool_use_id: id, task_type: 'local_agent', subagent_type: 'helper' };
  answer({ calls: [{ id, name: 'Agent', input: { prompt: 'Help me', subagent_type: 'helper' } }] });
  send({ type: 'system', subtype: 'task_started', ...facts, is_backgrounded: background, prompt: 'Help me' });
  if (background) toolResult(id, 'launched');
  else send({ type: 'user', message: { role: 'user', content: [{ type: 'text', text: 'Help me' }] }, parent_tool_use_id: id });
  answer({ text: 'in sub', calls: [bash(`${id}_bash`)], parent: id });
  toolResult(`${id}_bash`, 'hi', { parent: id });
  // Of a sub-agent in the foreground, what it says last is known by the result of the call alone.
  answer({ text: 'sub done', parent: id, silent: !background });
  if (background) send({ type: 'system', subtype: 'task_notification', ...facts, status: 'completed', summary: 'sub done' });
  else toolResult(id, 'sub done');
}

/** What is to be done, by the first word of a prompt. */
const SCENES: Record<string, () => Promise<void> | void> = {
  text() {
    answer({ text: 'hello there' });
    result({ result: 'hello there' });
  },
  async tools() {
    answer({ text: 'let me', calls: [bash('toolu_a'), add('toolu_b'), bash('toolu_c')] });
    toolResult('toolu_a', 'hi');
    await ownTool(add('toolu_b'));
    toolResult('toolu_c', 'Exit code 3', { isError: true });
    answer({ text: 'hello there' });
    result({ result: 'hello there' });
  },
  async sub() {
    await subAgent('toolu_sub', false);
    await subAgent('toolu_late', true);
    answer({ text: 'all done' });
    result({ result: 'all done' });
  },
  loop() {
    answer({ calls: [bash('toolu_1')] });
    toolResult('toolu_1', 'hi');
    answer({ calls: [bash('toolu_2')] });
    toolResult('toolu_2', 'hi');
    const errors = ['Reached maximum number of turns (2)'];
    result({ subtype: 'error_max_turns', is_error: true, result: undefined, errors, terminal_reason: 'max_turns' });
    process.exitCode = 1;
  },
  refused() {
    const message = { id: 'x', model: '<synthetic>', role: 'assistant', type: 'message', stop_reason: 'stop_sequence' };
    const content = [{ type: 'text', text: 'API Error: 400 no way' }];
    const usage = { input_tokens: 0, output_tokens: 0 };
    send({ type: 'assistant', message: { ...message, content, usage }, parent_tool_use_id: null, error: 'invalid_request' });
    const refusal = { is_error: true, api_error_status: 400, result: 'API Error: 400 no way', terminal_reason: 'api_error' };
    result({ ...refusal, modelUsage: {}, model_usage_since_last_result: {}, total_cost_usd: 0 });
    process.exitCode = 1;
  },
  async hang() {
    answer({ calls: [bash('toolu_h')] });
    await new Promise<void>((resolve) => (stop = resolve));
    toolResult('toolu_h', 'stopped', { isError: true });
    const errors = ['[ede_diagnostic] stopped'];
    const how = { subtype: 'error_during_execution', is_error: true, stop_reason: null, terminal_reason: 'aborted_streaming' };
    result({ ...how, result: undefined, errors });
    process.exitCode = 1;
  },
  dies() {
    answer({ calls: [bash('toolu_d')] });
    setTimeout(() => process.exit(7), 50).unref();
  },
};

let hooks: string[] = [];
let scenes: Promise<void> = Promise.resolve();

function control({ request_id: id, request }: Frame): void {
  const answered = (response: Frame): void =>
    send({ type: 'control_response', response: { subtype: 'success', request_id: id, response } });
  if (request.subtype === 'initialize') {
    hooks = (request.hooks?.PreToolUse ?? []).flatMap((matcher: Frame) => matcher['hookCallbackIds']);
    return answered({ commands: [], agents: [], models: [], account: {}, output_style: 'default', available_output_styles: [] });
  }
  answered({ still_queued: [] });
  if (request.subtype === 'interrupt') stop();
}

const lines = createInterface({ input: process.stdin });
lines.on('line', (line) => {
  const frame = JSON.parse(line) as Frame;
  if (frame['type'] === 'control_request') return control(frame);
  if (frame['type'] === 'control_response') {
    const { request_id: id } = frame['response'];
    waiting.get(id)?.(frame['response']);
    waiting.delete(id);
  }
  if (frame['type'] !== 'user') return;
  const { content } = frame['message'];
  const said: string = typeof content === 'string' ? content : content[0].text;
  scenes = scenes.then(async () => {
    state('running');
    const tools = ['Task', 'Bash', 'mcp__own__add'];
    send({
      type: 'system',
      subtype: 'init',
      model: MODEL,
      cwd: '/',
      tools,
      mcp_servers: [],
      permissionMode: 'default',
      maxTurns,
    });
    await SCENES[said.split(' ', 1)[0]!]!();
  });
});
lines.on('close', () => void scenes.then(() => process.exit()));
