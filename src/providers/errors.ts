/** What an error of an SDK says, as codes: the class, the provider's code, the status, the id of the request, and how long to wait. Never its message. */
import { epochUs, monotonicUs } from '../core/clock.ts';
import type { ErrorFacts } from '../events/model.ts';
import { header } from '../patch/exchange.ts';
import { codeWord, errorType, systemCode } from '../patch/transport-error.ts';
import { present } from './fields.ts';

const REQUEST_ID = /^[\x21-\x7e]{1,128}$/;
const WAIT_MS_MAX = 24 * 3600 * 1000;

/** The wait that a provider asked for: `retry-after-ms`, or `retry-after` in seconds or as a date. */
export function retryAfterMs(headers: any, nowMs: number = (epochUs() + monotonicUs()) / 1000): number | undefined {
  const exact = waitMs(header(headers, 'retry-after-ms'), 1);
  if (exact !== undefined) return exact;
  const value = header(headers, 'retry-after');
  const seconds = waitMs(value, 1000);
  if (seconds !== undefined || value === undefined || !Number.isNaN(Number(value))) return seconds;
  const date = Date.parse(value);
  return Number.isNaN(date) ? undefined : Math.min(Math.max(0, Math.round(date - nowMs)), WAIT_MS_MAX);
}

function waitMs(value: string | undefined, unitMs: number): number | undefined {
  if (value === undefined || value.trim() === '') return undefined;
  const wait = Number(value) * unitMs;
  return Number.isFinite(wait) && wait >= 0 ? Math.min(Math.round(wait), WAIT_MS_MAX) : undefined;
}

/** The provider's id of a request, from the headers of its answer. */
export function requestId(headers: any): string | undefined {
  const id = header(headers, 'x-request-id') ?? header(headers, 'request-id') ?? header(headers, 'apim-request-id');
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
      retryAfterMs: retryAfterMs(e.headers),
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
    ...present({ code: bodyCode(body), status, requestId: requestId(headers), retryAfterMs: retryAfterMs(headers) }),
  };
}
