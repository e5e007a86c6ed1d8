/** A PostgreSQL server of this machine, in a folder of its own: Debian's packages put it below /usr/lib/postgresql. */
import { spawn, spawnSync } from 'node:child_process';
import { chmodSync, chownSync, existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { certificate } from './certificate.ts';

const PACKAGES = '/usr/lib/postgresql';
const USER = 'agent';
/** Long enough to be looked for in a recording. */
export const PASSWORD = 'pass-of-the-test-0123456789';
const READY_MS = 60_000;

export interface Postgres {
  port: number;
  /** Its certificate, in PEM. */
  ca: string;
  close(): Promise<void>;
}

/** The folder of its programs; null: it is not installed here. */
export function postgresPrograms(): string | null {
  const versions = existsSync(PACKAGES) ? readdirSync(PACKAGES).map((name) => join(PACKAGES, name, 'bin')) : [];
  return versions.findLast((folder) => existsSync(join(folder, 'initdb'))) ?? null;
}

/** Who runs it: it refuses to be run by root. */
function owner(): { uid?: number; gid?: number } {
  if (process.getuid?.() !== 0) return {};
  const of = (flag: string): number => Number(spawnSync('id', [flag, 'postgres'], { encoding: 'utf8' }).stdout);
  return { uid: of('-u'), gid: of('-g') };
}

/** Starts it, with SCRAM for passwords and with TLS. */
export async function startPostgres(programs: string): Promise<Postgres> {
  const folder = mkdtempSync(join(tmpdir(), 'hindcast-postgres-'));
  const data = join(folder, 'data');
  const as = owner();
  const { key, cert } = certificate('localhost');
  writeFileSync(join(folder, 'password'), PASSWORD);
  writeFileSync(join(folder, 'server.key'), key);
  writeFileSync(join(folder, 'server.crt'), cert);
  chmodSync(join(folder, 'server.key'), 0o600);
  for (const file of ['', 'password', 'server.key', 'server.crt'])
    if (as.uid !== undefined && as.gid !== undefined) chownSync(join(folder, file), as.uid, as.gid);
  const init = ['-D', data, '-U', USER, '-A', 'scram-sha-256', '--pwfile', join(folder, 'password'), '-N', '-E', 'UTF8'];
  const made = spawnSync(join(programs, 'initdb'), init, { ...as, cwd: folder, encoding: 'utf8' });
  if (made.status !== 0) throw new Error(`initdb: ${made.stderr}`);
  const port = await freePort();
  const settings = {
    ...{ listen_addresses: '127.0.0.1', port, unix_socket_directories: folder, fsync: 'off' },
    ...{ ssl: 'on', ssl_cert_file: join(folder, 'server.crt'), ssl_key_file: join(folder, 'server.key') },
  };
  const options = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
  const server = spawn(join(programs, 'postgres'), ['-D', data, ...options], { ...as, cwd: folder, stdio: 'ignore' });
  const ended = new Promise((resolve) => server.once('close', resolve));
  const close = async (): Promise<void> => {
    server.kill('SIGINT');
    await ended;
    rmSync(folder, { recursive: true, force: true });
  };
  const isReady = (): boolean =>
    spawnSync(join(programs, 'pg_isready'), ['-h', '127.0.0.1', '-p', String(port)], { stdio: 'ignore' }).status === 0;
  for (const until = Date.now() + READY_MS; !isReady(); await sleep(50)) {
    if (server.exitCode === null && Date.now() < until) continue;
    await close();
    throw new Error('postgres did not start');
  }
  return { port, ca: cert, close };
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}
