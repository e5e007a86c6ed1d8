/** Credentials never reach the disk: the header or query member stays, its value becomes `<redacted>`. */
export const REDACTED = '<redacted>';

/** Words of a name, split at anything but letters and digits, that make its value a credential. `tokens` is not one: rate limits count those. */
const SECRET_WORDS = new Set([
  'auth',
  'authorization',
  'cookie',
  'cookie2',
  'credential',
  'credentials',
  'jwt',
  'key',
  'passphrase',
  'passwd',
  'password',
  'pwd',
  'secret',
  'sig',
  'signature',
  'token',
]);
/** The same where words are written together: `apikey`, `accessToken`, `clientsecret`. */
const SECRET_PARTS =
  /api-?_?key|(?:access|auth|bearer|id|refresh|security|session)[-_]?token(?!s)|secret|passw|credential|authorization|privatekey/;
/** Named like a credential, but none. */
const HARMLESS = new Set(['idempotency-key', 'x-idempotency-key', 'sec-websocket-key']);
/** A value that is a credential whatever its header is called. */
const SECRET_VALUE =
  /^(?:bearer|basic|digest|negotiate|aws4-hmac-sha256)\s|^(?:sk|pk|rk|gsk|xai|hf|ghp|gho|pat)[-_][A-Za-z0-9_-]{12}/i;

const KNOWN_NAMES_MAX = 1024;
const known = new Map<string, boolean>();

/** Whether a header or query member of this name carries a credential. */
export function isSecretName(name: string): boolean {
  const seen = known.get(name);
  if (seen !== undefined) return seen;
  const lower = name.toLowerCase();
  const secret = !HARMLESS.has(lower) && (SECRET_PARTS.test(lower) || splitWords(name).some((word) => SECRET_WORDS.has(word)));
  if (known.size < KNOWN_NAMES_MAX) known.set(name, secret);
  return secret;
}

const splitWords = (name: string): string[] =>
  name
    .replace(/([a-z0-9])([A-Z])/g, '$1-$2')
    .toLowerCase()
    .split(/[^a-z0-9]+/);

/** Headers as pairs, with the value of each one that carries a credential replaced. */
export function redactHeaders(headers: Iterable<readonly [string, string]>): [string, string][] {
  const pairs: [string, string][] = [];
  for (const [name, value] of headers) pairs.push([name, isSecretName(name) || SECRET_VALUE.test(value) ? REDACTED : value]);
  return pairs;
}

/** The URL with user information and the values of query members that carry credentials replaced; the rest stays as it was written. */
export function redactUrl(url: string): string {
  if (!url.includes('@') && !url.includes('=')) return url;
  return url
    .replace(/^([a-z][a-z0-9+.-]*:)?\/\/[^/?#]*@/i, (_match, scheme: string | undefined) => `${scheme ?? ''}//${REDACTED}@`)
    .replace(/([?&;#])([^=&;#?]*)=([^&;#]*)/g, (member, before: string, name: string, value: string) =>
      isSecretName(decodeName(name)) || SECRET_VALUE.test(value) ? `${before}${name}=${REDACTED}` : member,
    );
}

/** What stands before the password of a URL, and the password. */
export const URL_PASSWORD = /^([a-z][a-z0-9+.-]*:\/\/[^/?#@:]*:)([^/?#@]+)(?=@)/i;

/** A value that has a name of its own, such as a variable of the environment: a password in a URL is taken out of it, and what looks like a credential is one. */
export function redactValue(name: string, value: string): string {
  if (isSecretName(name) || SECRET_VALUE.test(value)) return REDACTED;
  return value.replace(URL_PASSWORD, `$1${REDACTED}`);
}

function decodeName(name: string): string {
  try {
    return decodeURIComponent(name);
  } catch {
    return name;
  }
}
