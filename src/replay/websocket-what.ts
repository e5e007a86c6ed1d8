/** What a WebSocket is, so that it is known again, and what the app sends through it. */
import { isSecretName, REDACTED, redactHeaders, redactUrl } from '../core/credentials.ts';
import type { Channel, Opening } from './channels.ts';

/** As it stands in the recording. */
export interface WebSocketWhat {
  url: string;
  /** Those that the app offers; absent: none. */
  protocols?: string[];
}

/** A WebSocket to `url` that offers `protocols`, without credentials. */
export function webSocketOpening(url: string, protocols: readonly string[]): Opening {
  const offered = protocols.map(withoutSecret);
  const what: WebSocketWhat = { url: redactUrl(url), ...(offered.length > 0 && { protocols: offered }) };
  return { kind: 'websocket', what };
}

/** Who can send no headers sends a credential as a protocol: `openai-insecure-api-key.<key>`. */
function withoutSecret(protocol: string): string {
  const at = protocol.indexOf('.');
  if (at > 0 && isSecretName(protocol.slice(0, at))) return protocol.slice(0, at + 1) + REDACTED;
  return redactHeaders([['protocol', protocol]])[0]?.[1] ?? protocol;
}

/** The app sends a message, or with `isLast` false a part of it. Of a Blob only the size is kept: its bytes are read later. */
export function sendMessage(channel: Channel, data: unknown, isBinary: boolean, isLast = true): void {
  if (data instanceof Blob) {
    sendControl(channel, `blob ${data.size}`);
    return;
  }
  const bytes = bytesOf(data);
  if (isBinary) {
    channel.went('binary', bytes);
    sendControl(channel, `binary ${bytes.length}${isLast ? '' : ' and more'}`);
  } else channel.went('text', isLast ? Buffer.concat([bytes, Buffer.from('\n')]) : bytes);
}

/** The app sends something else than a message: one line. */
export function sendControl(channel: Channel, line: string): void {
  channel.went('frames', Buffer.from(`${line}\n`));
}

/** A copy: the app may change what it has sent. */
export function bytesOf(data: unknown): Buffer<ArrayBuffer> {
  if (ArrayBuffer.isView(data)) return Buffer.from(new Uint8Array(data.buffer as ArrayBuffer, data.byteOffset, data.byteLength));
  if (data instanceof ArrayBuffer || data instanceof SharedArrayBuffer) return Buffer.from(new Uint8Array(data));
  return Buffer.from(Array.isArray(data) ? (data as number[]) : Buffer.from(String(data)));
}
