/** What the recording of a fork says of each request: where its answer came from, and what of it was changed. */
import type { ForkMarks } from '../recording/log-writer.ts';
import type { Taken } from './course.ts';
import { plainText, sentInstead } from './edited-request.ts';
import type { AskedRequest } from './request-digest.ts';
import type { SourceRequest } from './source.ts';

/** Null: nothing is to be said. */
export function marksOf(asked: Pick<AskedRequest, 'body'>, taken: Exclude<Taken, { how: 'lost' }>): ForkMarks | null {
  if (taken.how === 'served') return servedMarks(asked, taken.request);
  if (taken.how === 'answered') return { from: taken.request.key, edited: true };
  if (!taken.edited) return null;
  const { onward, request } = taken;
  return { edited: true, sent: sentInstead(asked.body, plainText(request)), ...(onward.length > 0 && { onward }) };
}

/** A fork of a fork goes on from what was sent, also where it is given the answer to that again. */
function servedMarks({ body }: Pick<AskedRequest, 'body'>, { key, exchange }: SourceRequest): ForkMarks {
  const { changed, onward, requestText } = exchange;
  return {
    from: key,
    ...(changed === true && { sent: sentInstead(body, requestText() ?? '') }),
    ...(onward !== undefined && { onward: [...onward] }),
  };
}
