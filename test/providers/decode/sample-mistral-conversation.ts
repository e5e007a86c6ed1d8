/** A conversation of Mistral's, in both forms, and what its samples have in common. See samples.ts. */
import { mistralConversations } from '../../../src/providers/mistral/mistral-conversations.ts';
import type { Sample } from './sample.ts';

/** One call in both forms. */
export interface MistralSample {
  wire: Sample;
  sdk: Sample;
}

export const tool = {
  type: 'function',
  function: { name: 'weather', description: 'Looks', parameters: { topLevel: { minItems: 1 } } },
};

export const thinking = (text: string): object => ({ type: 'thinking', thinking: [{ type: 'text', text }] });

const searched = { type: 'tool.execution', id: 'te_1', name: 'web_search', arguments: '{"query":"bern"}', info: { theHits: 2 } };
const answered = { type: 'message.output', id: 'msg_1', model: 'mistral-x-2026', role: 'assistant' };
const asked = { type: 'function.call', id: 'fc_1', name: 'weather', arguments: '{"city":"Bern"}', model: 'mistral-x-2026' };
const source = { type: 'tool_reference', tool: 'web_search', title: 'Bern', url: 'https://example.org' };
const content = [thinking('hm, hm'), { type: 'text', text: 'Hello' }, source, { type: 'text', text: ' world' }];
const handoff = { type: 'agent.handoff', id: 'ah_1' };

export const mistralConversation: MistralSample = {
  wire: {
    name: 'mistral conversation',
    operation: mistralConversations,
    request: {
      model: 'mistral-x',
      instructions: 'be brief',
      stream: true,
      tools: [tool, { type: 'web_search' }],
      completion_args: { temperature: 0.5, max_tokens: 60, random_seed: 7 },
      inputs: [
        { role: 'user', content: 'hello' },
        { type: 'message.output', role: 'assistant', content: 'hi' },
        { type: 'function.call', tool_call_id: 'call_1', name: 'weather', arguments: '{"city":"Bern"}' },
        { type: 'function.result', tool_call_id: 'call_1', result: 'sunny' },
      ],
    },
    answer: {
      object: 'conversation.response',
      conversation_id: 'conv_1',
      outputs: [
        searched,
        { ...answered, content },
        { ...handoff, previous_agent_id: 'ag_1', previous_agent_name: 'a', next_agent_id: 'ag_2', next_agent_name: 'b' },
        { ...asked, tool_call_id: 'call_a' },
      ],
      usage: { prompt_tokens: 10, completion_tokens: 9, total_tokens: 49, connector_tokens: 30, connectors: { web_search: 1 } },
    },
    stream: [
      { type: 'conversation.response.started', conversation_id: 'conv_1' },
      { type: 'tool.execution.started', output_index: 0, id: 'te_1', name: 'web_search', arguments: '' },
      { type: 'tool.execution.delta', output_index: 0, id: 'te_1', name: 'web_search', arguments: '{"query":' },
      { type: 'tool.execution.delta', output_index: 0, id: 'te_1', name: 'web_search', arguments: '"bern"}' },
      { type: 'tool.execution.done', output_index: 0, id: 'te_1', name: 'web_search', info: { theHits: 2 } },
      ...[thinking('hm, '), thinking('hm'), 'Hel', { type: 'text', text: 'lo' }, source, ' world'].map((piece, index) => ({
        type: 'message.output.delta',
        output_index: 1,
        content_index: [0, 0, 1, 1, 2, 3][index],
        id: 'msg_1',
        model: 'mistral-x-2026',
        role: 'assistant',
        content: piece,
      })),
      {
        type: 'agent.handoff.started',
        output_index: 2,
        id: 'ah_1',
        previous_agent_id: 'ag_1',
        previous_agent_name: 'a',
      },
      { type: 'agent.handoff.done', output_index: 2, id: 'ah_1', next_agent_id: 'ag_2', next_agent_name: 'b' },
      ...['{"city":', '"Bern"}'].map((piece) => ({
        type: 'function.call.delta',
        output_index: 3,
        id: 'fc_1',
        model: 'mistral-x-2026',
        name: 'weather',
        tool_call_id: 'call_a',
        arguments: piece,
      })),
      {
        type: 'conversation.response.done',
        usage: { prompt_tokens: 10, completion_tokens: 9, total_tokens: 49, connector_tokens: 30, connectors: { web_search: 1 } },
      },
    ],
  },
  sdk: {
    name: 'mistral conversation, from the SDK',
    operation: mistralConversations,
    request: {
      model: 'mistral-x',
      instructions: 'be brief',
      stream: true,
      tools: [tool, { type: 'web_search' }],
      completionArgs: { temperature: 0.5, maxTokens: 60, randomSeed: 7 },
      inputs: [
        { role: 'user', content: 'hello' },
        { type: 'message.output', role: 'assistant', content: 'hi' },
        { type: 'function.call', toolCallId: 'call_1', name: 'weather', arguments: '{"city":"Bern"}' },
        { type: 'function.result', toolCallId: 'call_1', result: 'sunny' },
      ],
    },
    answer: {
      object: 'conversation.response',
      conversationId: 'conv_1',
      outputs: [
        searched,
        { ...answered, content },
        { ...handoff, previousAgentId: 'ag_1', previousAgentName: 'a', nextAgentId: 'ag_2', nextAgentName: 'b' },
        { ...asked, toolCallId: 'call_a' },
      ],
      usage: { promptTokens: 10, completionTokens: 9, totalTokens: 49, connectorTokens: 30, connectors: { web_search: 1 } },
    },
    stream: [
      { type: 'conversation.response.started', conversationId: 'conv_1' },
      { type: 'tool.execution.started', outputIndex: 0, id: 'te_1', name: 'web_search', arguments: '{"query":"bern"}' },
      { type: 'tool.execution.done', outputIndex: 0, id: 'te_1', name: 'web_search', info: { theHits: 2 } },
      ...[thinking('hm, hm'), 'Hello', source, ' world'].map((piece, contentIndex) => ({
        type: 'message.output.delta',
        outputIndex: 1,
        contentIndex,
        id: 'msg_1',
        model: 'mistral-x-2026',
        content: piece,
      })),
      { type: 'agent.handoff.started', outputIndex: 2, id: 'ah_1', previousAgentId: 'ag_1', previousAgentName: 'a' },
      { type: 'agent.handoff.done', outputIndex: 2, id: 'ah_1', nextAgentId: 'ag_2', nextAgentName: 'b' },
      {
        type: 'function.call.delta',
        outputIndex: 3,
        id: 'fc_1',
        name: 'weather',
        toolCallId: 'call_a',
        arguments: '{"city":"Bern"}',
      },
      {
        type: 'conversation.response.done',
        usage: { promptTokens: 10, completionTokens: 9, totalTokens: 49, connectorTokens: 30, connectors: { web_search: 1 } },
      },
    ].map((data) => ({ event: data.type, data })),
  },
};
