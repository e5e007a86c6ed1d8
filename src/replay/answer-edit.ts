/** The answer to a request of the recording, made to say what an edit has the model say, in the shape that its caller asked for. */
import type { EditedCompletion } from '../events/edits.ts';
import { editedAnswer } from '../providers/edited-answer.ts';
import type { EditedAnswer } from '../providers/edited-answer.ts';
import type { SentRequest } from './sent-request.ts';
import type { SourceRequest } from './source.ts';

/** What the answer becomes, or why it cannot be made. */
export function editAnswer(
  { recording, exchange }: SourceRequest,
  { method, url, headers, body }: SentRequest,
  completion: EditedCompletion,
): EditedAnswer | { cannot: string } {
  const { on } = exchange;
  const llm = recording.events.find(({ id }) => id === on)?.llm;
  if (llm === undefined) return { cannot: 'it is no call of a model' };
  // What was tried before failed; what the caller was given in the end is the last one.
  const last = [...recording.exchanges.values()].findLast((each) => each.on === on) ?? exchange;
  const answer = last.responseBody();
  return editedAnswer({
    provider: llm.provider,
    operation: llm.operation,
    ...(llm.api !== undefined && { api: llm.api }),
    request: { method, url, headers, body },
    recorded:
      last.status === undefined || answer === undefined
        ? undefined
        : { status: last.status, headers: last.responseHeaders, body: answer, cuts: last.cuts.len },
    completion,
  });
}
