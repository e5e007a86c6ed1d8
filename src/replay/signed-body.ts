/** Requests that are signed over their body: what an edit changes of one, its server refuses, as nobody here can sign it again. */
import { writeSync } from 'node:fs';
import type { AskedRequest } from './request-digest.ts';

/** Whether AWS's signature in a request covers its body. */
export function isBodySigned({ headers }: Pick<AskedRequest, 'headers'>): boolean {
  const valueOf = (name: string): string => headers.find(([key]) => key.toLowerCase() === name)?.[1] ?? '';
  return valueOf('authorization').startsWith('AWS4-') && valueOf('x-amz-content-sha256') !== 'UNSIGNED-PAYLOAD';
}

/** Tells a person, on stderr. */
export function saySignedBody(): void {
  try {
    writeSync(
      2,
      'hindcast: an edited request was signed by AWS for what it said before, and its server will refuse it: give the program a key that signs nothing (AWS_BEARER_TOKEN_BEDROCK), or change its code instead of the request\n',
    );
  } catch {
    // Closed: the program shows what the server answers.
  }
}
