import { ai21 } from '../../src/providers/ai21/ai21.ts';
import * as wire from '../../src/testing/wire-ai21.ts';
import { contractOf } from './contract.ts';
import { openaiSpec, toolMessages } from './openai-spec.ts';

const body = { model: 'jamba-1.5-mini', messages: [{ role: 'user', content: 'How is the weather?' }] };

contractOf(
  {
    name: 'ai21',
    provider: ai21,
    client: (sdk, url) => new sdk.AI21({ apiKey: 'test', baseURL: url }),
    chat: (client) => client.chat.completions.create(body),
    stream: (client) => client.chat.completions.create({ ...body, stream: true }),
    wire: {
      answer: wire.ai21Chat,
      stream: wire.ai21ChatStream,
      error: wire.ai21Error,
      errorEvent: 'data: no JSON at all\n\n',
      odd: openaiSpec.wire.odd!,
    },
    errors: {
      byStatus: { 400: 'AI21Error', 401: 'AI21Error', 422: 'AI21Error', 500: 'AI21Error' },
      refused: 'FetchError',
      // The bundle calls the class `R`.
      inStream: 'StreamingDecodeError',
      // It has none but in the sentence that it says.
      status: (error) => Number(/status (\d+)/.exec(error.message)?.[1]),
    },
    can: {
      incompleteStreams: true,
      exchanges: true,
      answerer: true,
      toolCallIds: true,
      responseIds: true,
      breakLeavesOpen: true,
      droppedStreams: true,
    },
    toolTurn: (client, turns) =>
      client.chat.completions.create({ ...body, messages: [...body.messages, ...toolMessages(turns)] }),
    methods: ({ Completions, ConversationalRag }) => [
      [Completions.prototype, 'create'],
      [ConversationalRag.prototype, 'create'],
    ],
  },
  [{ label: '1, ES module', load: () => import('ai21') }],
);
