/** What an error of an SDK says, as codes: the class, the provider's code, the status, the id of the request, and how long to wait. Never its message. */
import { codeWord } from '../core/code-word.ts';
import { requestIdIn } from '../core/request-id.ts';
import { retryAfterMs } from '../core/retry-after.ts';
import type { ErrorFacts } from '../events/model.ts';
import { header } from '../patch/exchange.ts';
import { errorType, systemCode } from '../patch/transport-error.ts';
import { present } from './fields.ts';

const REQUEST_ID = /^[\x21-\x7e]{1,128}$/;

/** The wait that a provider asked for, in milliseconds. */
export function waitAsked(headers: any, nowMs?: number): number | undefined {
  return retryAfterMs({ exact: header(headers, 'retry-after-ms'), value: header(headers, 'retry-after') }, nowMs);
}

/** The provider's id of a request, from the headers of its answer. */
export function requestId(headers: any): string | undefined {
  const id = requestIdIn((name) => header(headers, name));
  return id !== undefined && REQUEST_ID.test(id) ? id : undefined;
}

/** The provider's own code in the body of an error answer: OpenAI's `{error: {code, type}}` and Anthropic's `{type: 'error', error: {type}}`. */
export function bodyCode(body: any): string | undefined {
  const inner = typeof body?.error === 'object' && body.error !== null ? body.error : body;
  return codeWord(inner?.code) ?? codeWord(inner?.type);
}

/** Facts of an error that an SDK of the Stainless family threw, or that came up through it. */
export function stainlessError(error: unknown): ErrorFacts {
  const e: any = typeof error === 'object' && error !== null ? error : {};
  const status: unknown = e.status;
  return {
    type: errorType(error),
    ...present({
      code: codeWord(e.code) ?? bodyCode(e.error) ?? codeWord(e.type) ?? systemCode(e.cause),
      status: typeof status === 'number' ? status : undefined,
      requestId: requestId(e.headers) ?? givenId(e.requestID ?? e.request_id),
      retryAfterMs: waitAsked(e.headers),
    }),
  };
}

const givenId = (id: unknown): string | undefined => (typeof id === 'string' && REQUEST_ID.test(id) ? id : undefined);

const CLASSES: Record<number, string> = {
  400: 'BadRequestError',
  401: 'AuthenticationError',
  403: 'PermissionDeniedError',
  404: 'NotFoundError',
  409: 'ConflictError',
  422: 'UnprocessableEntityError',
  429: 'RateLimitError',
};

/** Facts of an error answer that was seen on the wire only, because the app never asked what became of its call. */
export function answerError(status: number, headers: any, body: unknown): ErrorFacts {
  const type = CLASSES[status] ?? (status >= 500 ? 'InternalServerError' : 'APIError');
  return {
    type,
    ...present({ code: bodyCode(body), status, requestId: requestId(headers), retryAfterMs: waitAsked(headers) }),
  };
}
