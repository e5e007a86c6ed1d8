/** `http2.connect`: each connection is followed from the beginning; in a replay it leads to a stand-in. */
import http2 from 'node:http2';
import type { ClientHttp2Session } from 'node:http2';
import { promisify } from 'node:util';
import type { Method } from '../patch/registry.ts';
import { redactUrl } from '../core/credentials.ts';
import type { Channels } from './channels.ts';
import { replaceMember } from './globals.ts';
import { Http2Connection } from './http2-connection.ts';
import type { Http2Target } from './http2-connection.ts';
import type { Http2Form } from './http2-form.ts';
import { asNobody, isInternal } from './lineage.ts';

interface Authority {
  protocol?: string;
  hostname?: string;
  host?: string;
  port?: string | number;
}

/** Replaces what connects. Undone by `undoAll`. */
export function patchHttp2(form: Http2Form, channels: Channels): void {
  const original = http2.connect as Method;
  const connect = function (this: unknown, ...args: unknown[]): unknown {
    const target = isInternal() ? null : targetOf(args);
    // What throws when it is looked at, Node refuses.
    if (target === null) return Reflect.apply(original, this, args) as unknown;
    const bare = (given: unknown[]): ClientHttp2Session =>
      asNobody(() => Reflect.apply(original, this, given) as ClientHttp2Session);
    const connection = Http2Connection.open(target, form, channels, () => bare(withoutListener(args)));
    if (connection === null) return bare(args);
    const { standIn } = connection;
    const session = bare(standIn === null ? args : standingIn(args, () => standIn.socket));
    connection.follow(session);
    return session;
  };
  for (const key of ['name', 'length']) Object.defineProperty(connect, key, Object.getOwnPropertyDescriptor(original, key)!);
  const connected = (authority: string, options?: object): Promise<ClientHttp2Session> => connectedBy(authority, options);
  Object.defineProperty(connected, 'name', { value: connect.name });
  Object.defineProperty(connect, promisify.custom, { value: connected });
  replaceMember(http2, 'connect', connect);
}

/** As Node's own, which knows its own `connect` alone. */
function connectedBy(authority: string, options: object | undefined): Promise<ClientHttp2Session> {
  return new Promise((resolve, reject) => {
    const session = http2.connect(authority, options, () => {
      session.removeListener('error', reject);
      resolve(session);
    });
    session.once('error', reject);
  });
}

function targetOf([given, more]: unknown[]): Http2Target | null {
  try {
    const { protocol, hostname, host, port } = (typeof given === 'string' ? new URL(given) : given) as Authority;
    const scheme = protocol ?? (more as { protocol?: string } | undefined)?.protocol ?? 'https:';
    if (scheme !== 'http:' && scheme !== 'https:') return null;
    const name = hostname ?? host ?? 'localhost';
    const authority = `${scheme}//${name}${port === undefined || port === '' ? '' : `:${port}`}`;
    const secure = scheme === 'https:';
    return { authority: redactUrl(authority), secure, port: Number(port || (secure ? 443 : 80)) };
  } catch {
    return null;
  }
}

/** The arguments of `connect`, with nobody to be told. */
function withoutListener([authority, options]: unknown[]): unknown[] {
  return typeof options === 'function' ? [authority] : [authority, options];
}

/** The arguments of `connect`, with another way to connect. */
function standingIn([authority, options, listener]: unknown[], createConnection: () => unknown): unknown[] {
  const [given, told] = typeof options === 'function' ? [undefined, options] : [options, listener];
  // What Node refuses stays as it is.
  if (given !== undefined && given !== null && typeof given !== 'object') return [authority, options, listener];
  return [authority, { ...(given as object | undefined), createConnection }, told];
}
