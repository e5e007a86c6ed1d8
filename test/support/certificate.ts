/** A certificate for this machine that nobody has signed, and its key: made once for a run of the tests. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface Certificate {
  /** The file with the certificate, which is also that of who signed it. */
  readonly file: string;
  readonly cert: string;
  readonly key: string;
}

let made: Certificate | undefined;

/** For `localhost` and 127.0.0.1. */
export function certificate(): Certificate {
  return (made ??= make());
}

function make(): Certificate {
  const folder = mkdtempSync(join(tmpdir(), 'hindcast-tls-'));
  const [file, key] = [join(folder, 'cert.pem'), join(folder, 'key.pem')];
  const names = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost,IP:127.0.0.1'];
  const kind = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2'];
  execFileSync('openssl', ['req', '-x509', ...kind, '-keyout', key, '-out', file, ...names], { stdio: 'ignore' });
  return { file, cert: readFileSync(file, 'utf8'), key: readFileSync(key, 'utf8') };
}
