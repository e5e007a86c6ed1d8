/** Secrets of the environment, taken out of what the program sends by protocols that hold no names. */
import { isSecretName, URL_PASSWORD } from '../core/credentials.ts';
import { internally } from './lineage.ts';

/** What is shorter stands in too many places. */
const SECRET_CHARS_MIN = 6;

let known: readonly string[] | undefined;

/** `bytes` with stars in the place of each secret of the environment, of the same length. */
export function withoutSecrets(bytes: Uint8Array): Uint8Array {
  known ??= internally(secretsOf);
  if (known.length === 0) return bytes;
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1');
  const without = known.reduce((all, secret) => all.replaceAll(secret, '*'.repeat(secret.length)), text);
  return without === text ? bytes : Buffer.from(without, 'latin1');
}

function secretsOf(): string[] {
  const secrets = new Set<string>();
  for (const [name, value = ''] of Object.entries(process.env)) {
    const password = URL_PASSWORD.exec(value)?.[2];
    if (isSecretName(name)) secrets.add(value);
    else if (password !== undefined) secrets.add(password).add(decoded(password));
  }
  return [...secrets]
    .map((secret) => Buffer.from(secret).toString('latin1'))
    .filter(({ length }) => length >= SECRET_CHARS_MIN)
    .toSorted((a, b) => b.length - a.length);
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
