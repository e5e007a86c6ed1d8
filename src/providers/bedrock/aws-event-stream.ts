/** A recorded stream of Bedrock as chunks: each event under its type, as AWS's SDK hands it out. */
import { readFrames } from '../../core/event-frames.ts';
import { bytesOf } from './bedrock-facts.ts';
import { fields, parseJson, text } from '../fields.ts';

const EVENT_STREAM = /^application\/vnd\.amazon\.eventstream\b/i;

/** Whether a body of this content type is frames. */
export function isAwsEventStream(contentType: string | undefined): boolean {
  return contentType !== undefined && EVENT_STREAM.test(contentType);
}

/**
 * The chunks in the frames of `bytes`. What a model streams in its own dialect comes as base64 in a `chunk` event: of it, the chunk is what the model said. Errors come under the
 * name of their type, as events do.
 */
export function* awsChunks(bytes: Uint8Array): Generator {
  for (const { headers, payload } of readFrames(bytes)) {
    const body = parseJson(bytesOf(payload)!.toString('utf8'));
    const event = headers[':event-type'];
    const failure = headers[':exception-type'] ?? headers[':error-code'];
    if (failure !== undefined) yield headers[':error-code'] === undefined ? { [failure]: body } : { error: { type: failure } };
    else if (event === 'chunk') yield parseJson(bytesOf(text(fields(body)['bytes']))?.toString('utf8') ?? '');
    else if (event !== undefined) yield { [event]: body };
  }
}
