/** The id that a provider gives a request, for its support: the first of these headers of an answer that is there. */

const HEADERS = [
  'x-request-id',
  'request-id',
  'apim-request-id',
  'x-debug-trace-id',
  'mistral-correlation-id',
  'x-amzn-requestid',
] as const;

/** The id as the answer says it; `get` gives a header by its lower-case name. */
export function requestIdIn(get: (name: string) => string | undefined): string | undefined {
  for (const name of HEADERS) {
    const id = get(name);
    if (id !== undefined) return id;
  }
  return undefined;
}
