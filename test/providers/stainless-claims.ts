/** What every SDK of the Stainless family does alike. */
import type { ProviderSpec } from '../../src/testing/contract/spec.ts';

export const STAINLESS: Pick<ProviderSpec, 'errors' | 'can'> = {
  errors: {
    byStatus: {
      400: 'BadRequestError',
      401: 'AuthenticationError',
      429: 'RateLimitError',
      500: 'InternalServerError',
    },
    timeout: 'APIConnectionTimeoutError',
    abort: 'APIUserAbortError',
    refused: 'APIConnectionError',
  },
  can: {
    retries: true,
    rawResponse: 'stainless',
    tee: true,
    readableStream: true,
    streamController: true,
    abort: true,
    abortInStream: true,
    timeout: true,
    incompleteStreams: true,
    exchanges: true,
    answerer: true,
    toolCallIds: true,
    cacheTokens: true,
    responseIds: true,
    responseModels: true,
    droppedStreams: true,
    errorCodes: true,
    errorHeaders: true,
  },
};
