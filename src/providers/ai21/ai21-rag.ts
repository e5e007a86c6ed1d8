/** `POST /conversational-rag` of AI21: a chat about the files of a library. */
import type { OutputMessage } from '../../events/content.ts';
import { chatInput } from '../openai/chat-content.ts';
import { fields, items, present, text } from '../fields.ts';
import { commonRequest, commonResponse, errorFacts, openaiUsage, responseFacts } from '../openai/openai-facts.ts';
import { defineOperation } from '../operation.ts';
import { roleOf, textPart } from '../parts.ts';

/** Its choices are messages; why they end is not said. */
function output(given: unknown): OutputMessage[] {
  return items(fields(given)['choices']).map((choice) => ({
    role: roleOf(fields(choice)['role'], 'assistant'),
    parts: textPart(text(fields(choice)['content'])),
    finish_reason: 'stop',
  }));
}

/** An answer that was looked up in a library of files. */
export const conversationalRag = defineOperation({
  operation: 'chat',
  api: 'conversational_rag',
  request: (given) => {
    const body = fields(given);
    const { messages } = body;
    return { ...commonRequest(body), ...present({ messageCount: Array.isArray(messages) ? messages.length : undefined }) };
  },
  response: (given) => {
    const body = fields(given);
    return responseFacts(commonResponse(body), openaiUsage(body['usage']), errorFacts(body));
  },
  input: chatInput,
  output,
});
