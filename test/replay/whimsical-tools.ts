/** An MCP server over HTTP that never answers twice alike: stateless, each answer as JSON or as one event of a stream. */
import type { Reply, StandInRequest } from '../../src/testing/stand-in.ts';
import { sse } from '../../src/testing/wire.ts';

/** Where its whims come from. */
interface Whims {
  dice: (sides: number) => number;
  words: (count: number) => string;
}

const city = { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] };
const TOOLS = [
  { name: 'weather', description: 'Weather of a city.', inputSchema: city },
  { name: 'news', description: 'News of a city.', inputSchema: city },
];

/** Answers one request of the protocol. */
export function answerOfTools({ method, json }: StandInRequest, whims: Whims): Reply {
  if (method !== 'POST') return { status: 405, body: 'no stream of its own' };
  if (json?.id === undefined) return { status: 202 };
  const message = { jsonrpc: '2.0', id: json.id as unknown, ...outcome(json, whims) };
  return whims.dice(2) === 0 ? { body: message } : { pieces: [sse(message, 'message')] };
}

function outcome({ method, params }: any, { dice, words }: Whims): { result: object } | { error: object } {
  if (method === 'initialize')
    return {
      result: {
        protocolVersion: params.protocolVersion,
        capabilities: { tools: {} },
        serverInfo: { name: 'whims', version: '1.0.0' },
      },
    };
  if (method === 'tools/list') return { result: { tools: TOOLS } };
  if (dice(5) === 0) return { error: { code: -32000, message: `out of order: ${words(1)}` } };
  const text = `${params.arguments?.city}: ${dice(40)} degrees, ${words(2)}`;
  return { result: { content: [{ type: 'text', text }], ...(dice(6) === 0 && { isError: true }) } };
}
