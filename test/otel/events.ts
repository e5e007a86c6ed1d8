/** Events to export, one of each kind, with a canary in every place that may hold what somebody said. */
import type { SessionLine } from '../../src/events/lines.ts';
import type { SpanEvent } from '../../src/events/model.ts';

export const CANARY = 'canary-7c1f';

/** A header as the writer makes it. */
export function header(over: Partial<SessionLine> = {}): SessionLine {
  return {
    k: 'session',
    s: 0,
    t: 0,
    v: 1,
    id: 'ses_0123456789ab',
    epoch: 1_795_000_000_000_001,
    trace: '0af7651916cd43dd8448eb211c80319c',
    mode: 'full',
    sdk: 'hindcast/0.1.0',
    flags: [],
    pid: 4242,
    node: 'v24.21.0',
    platform: 'linux',
    arch: 'x64',
    name: 'nightly',
    parent: 'ses_ba9876543210',
    agent: { id: 'support', name: 'support', version: '1.4.0' },
    environment: 'production',
    service: '@acme/support',
    tags: [`${CANARY}-tag`],
    argv: ['node', `${CANARY}-argv`],
    cwd: `/home/${CANARY}`,
    ...over,
  };
}

let last = 0;

/** An event with an id of its own. */
export function event(over: Partial<SpanEvent> & Pick<SpanEvent, 'type' | 'name'>): SpanEvent {
  last++;
  return {
    id: last.toString(16).padStart(16, '0'),
    trace: '0af7651916cd43dd8448eb211c80319c',
    start: last * 1_000,
    end: last * 1_000 + 500,
    status: 'ok',
    attributes: { [`${CANARY}-key`]: `${CANARY}-value`, 'user.id': `${CANARY}-user` },
    content: {
      error: { message: `${CANARY}-message`, stack: `Error: ${CANARY}-stack\n    at ${CANARY}-file.ts:1:1` },
      arguments: { q: `${CANARY}-argument` },
      result: { r: `${CANARY}-result` },
      request: { messages: [{ role: 'user', content: `${CANARY}-prompt` }] },
      response: { choices: [{ message: { content: `${CANARY}-answer` } }] },
    },
    ...over,
  };
}

const openai = { provider: 'openai', server: { address: 'api.openai.com', port: 443 } };

const chat = (over: Partial<SpanEvent> = {}): SpanEvent =>
  event({
    type: 'llm',
    name: 'chat gpt-4o-mini',
    llm: {
      operation: 'chat',
      ...openai,
      api: 'chat_completions',
      request: {
        model: 'gpt-4o-mini',
        temperature: 1,
        topP: 0.5,
        maxTokens: 100,
        seed: 7,
        choiceCount: 2,
        outputType: 'json',
        messageCount: 3,
      },
      response: {
        id: 'chatcmpl-1',
        model: 'gpt-4o-mini-2024-07-18',
        finishReasons: ['stop', 'tool_calls'],
        serviceTier: 'default',
        systemFingerprint: 'fp_1',
        servedBy: 'Amazon Bedrock',
      },
      usage: { input: 100, output: 20, cacheRead: 60, reasoning: 5, audioInput: 3 },
    },
    cost: { usd: 0.0012, priced: '2026-11-01' },
    ...over,
  });

const stream = (over: Partial<SpanEvent> = {}): SpanEvent =>
  event({
    type: 'llm',
    name: 'chat claude-sonnet-4-5',
    llm: {
      operation: 'chat',
      provider: 'anthropic',
      api: 'messages',
      server: { address: '127.0.0.1', port: 8080 },
      request: {
        model: 'claude-sonnet-4-5',
        stream: true,
        topK: 40,
        reasoningLevel: 'high',
        previousResponseId: 'resp_1',
        tools: ['search'],
        toolResults: ['toolu_0'],
      },
      response: {
        id: 'msg_1',
        model: 'claude-sonnet-4-5',
        finishReasons: ['tool_use'],
        toolCalls: [{ id: 'toolu_1', name: 'search' }],
        serviceTier: 'standard',
      },
      usage: { input: 1_000, output: 50, cacheRead: 700, cacheWrite: 200 },
      firstChunkUs: 123_456,
      chunks: 40,
    },
    ...over,
  });

/** One event of each kind that a session can hold. */
export function everyKind(): Record<string, SpanEvent> {
  return {
    chat: chat(),
    stream: stream(),
    embedding: event({
      type: 'llm',
      name: 'embeddings text-embedding-3-small',
      llm: {
        operation: 'embeddings',
        ...openai,
        request: { model: 'text-embedding-3-small', encodingFormats: ['float'] },
        response: { model: 'text-embedding-3-small', dimensions: 1536 },
        usage: { input: 8 },
      },
    }),
    images: event({
      type: 'llm',
      name: 'image_generation dall-e-3',
      llm: {
        operation: 'image_generation',
        ...openai,
        api: 'images',
        request: { model: 'dall-e-3', outputType: 'image' },
        response: { id: 'img_1' },
      },
    }),
    customProvider: event({
      type: 'llm',
      name: 'chat llama3',
      llm: {
        operation: 'chat',
        provider: 'ollama',
        request: { model: 'llama3', serviceTier: 'auto' },
        response: { serviceTier: 'x', systemFingerprint: 'fp' },
      },
    }),
    tool: event({ type: 'tool', name: 'execute_tool search', tool: { name: 'search', type: 'function', callId: 'toolu_1' } }),
    agent: event({ type: 'agent', name: 'invoke_agent planner' }),
    action: event({ type: 'action', name: 'sync inventory' }),
    run: event({
      id: 'a0a0a0a0a0a0a0a0',
      type: 'agent',
      name: 'nightly triage',
      agent: { id: 'triage', name: 'triage', version: '2' },
      runId: 'b0b0b0b0b0b0b0b0',
      run: { status: 'partial', reason: 'ended', environment: 'staging', steps: 3, retries: 1, errors: 2 },
      notes: [
        {
          kind: 'failure',
          type: 'tool',
          code: 'timeout',
          at: 9,
          step: 'c0c0c0c0c0c0c0c0',
          content: { message: `${CANARY}-run` },
        },
      ],
    }),
    failedRun: event({
      type: 'agent',
      name: 'invoke_agent triage',
      agent: { name: 'triage' },
      status: 'error',
      error: { type: 'TimeoutError', from: 'c0c0c0c0c0c0c0c0' },
      run: { status: 'failure', reason: 'exception', steps: 1, retries: 0, errors: 1 },
    }),
    leftRun: event({
      type: 'agent',
      name: 'invoke_agent',
      status: 'unfinished',
      run: { status: 'failure', reason: 'exception', steps: 0, retries: 0, errors: 0 },
    }),
    step: event({
      type: 'step',
      name: 'search the docs',
      runId: 'a0a0a0a0a0a0a0a0',
      agent: { id: 'triage', name: 'triage', version: '2' },
      step: { seq: 3, type: 'retrieve', attempt: 2, retryOf: 'c0c0c0c0c0c0c0c0' },
    }),
    failedStep: event({
      type: 'step',
      name: 'dream',
      runId: 'a0a0a0a0a0a0a0a0',
      status: 'error',
      error: { type: 'TimeoutError' },
      step: { seq: 1, type: 'dream', unknownType: true, attempt: 1 },
      notes: [{ kind: 'failure', type: 'tool', code: 'timeout', at: 4, auto: true }],
    }),
    chatInRun: chat({ runId: 'a0a0a0a0a0a0a0a0', agent: { id: 'triage', name: 'triage' } }),
    custom: event({ type: 'checkpoint', name: 'checkpoint' }),
    failed: chat({
      status: 'error',
      error: { type: 'RateLimitError', code: 'rate_limit_exceeded', status: 429, requestId: 'req_1', retryAfterMs: 1500 },
      attempts: [
        { at: 10, us: 2_000, status: 503, requestId: 'req_a' },
        { at: 502_010, us: 1_000, error: 'ECONNRESET' },
        { at: 900_010, us: 1_500, status: 429, retryAfterMs: 1500, requestId: 'req_c' },
      ],
    }),
    failedTool: event({
      type: 'tool',
      name: 'execute_tool pay',
      tool: { name: 'pay' },
      status: 'error',
      notes: [{ kind: 'failure', type: 'tool', code: 'timeout', at: 77, content: { message: `${CANARY}-failure` } }],
    }),
    failedBare: event({ type: 'action', name: 'flaky', status: 'error' }),
    oddError: chat({ status: 'error', error: { type: `it said ${CANARY}-errortype here`, code: `${CANARY} code with spaces` } }),
    cancelled: stream({ status: 'cancelled', error: { type: 'AbortError' } }),
    unfinished: event({ type: 'llm', name: 'chat gpt-4o', status: 'unfinished' }),
    notes: event({
      type: 'step',
      name: 'choose',
      notes: [
        {
          kind: 'decision',
          type: 'tool_selection',
          reasonCode: 'cost_optimization',
          confidence: 1,
          at: 5,
          content: { selected: `${CANARY}-s`, candidates: [`${CANARY}-c`] },
        },
        { kind: 'signal', type: 'tool_success', code: 'first_attempt', value: true, weight: 2, at: 6 },
        { kind: 'failure', type: 'model', code: 'made_up', at: 4, unknownCode: true, content: { message: `${CANARY}-m` } },
      ],
    }),
  };
}
