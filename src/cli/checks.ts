/** What `hindcast doctor` looks at. Each check reads; none starts, writes or sends anything. */
import { accessSync, constants, existsSync, statfsSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { resolveOptions } from '../client/resolve.ts';
import { recordingsFolder } from '../recording/folder.ts';
import { listRecordings, type Summary } from '../recording/recording.ts';
import { verifyRecording } from '../recording/verify.ts';
import { count, size } from '../analysis/figures.ts';
import { removedWords, usedOfBudget } from './budget-words.ts';
import { NODE_MIN_TEXT, nodeRecords } from './node-version.ts';

/** `broken`: hindcast does not work as it is. `warn`: it does, and something is worth a look. */
export type Verdict = 'ok' | 'warn' | 'broken' | 'note';

export interface Check {
  what: string;
  verdict: Verdict;
  found: string;
  /** What to do about it. */
  todo?: string;
}

const FREE_BYTES_MIN = 200 * 1024 * 1024;
/** About a second of checking. */
const VERIFIED_BYTES_MAX = 256 * 1024 * 1024;

/** Whether this Node is new enough. */
export function checkNode(): Check {
  const found = process.version;
  if (nodeRecords()) return { what: 'Node', verdict: 'ok', found };
  return { what: 'Node', verdict: 'broken', found, todo: `Recording needs Node ${NODE_MIN_TEXT} or newer` };
}

/** Folder, permissions, disk. */
export function checkFolder(dir: string): Check[] {
  const recordings = recordingsFolder(dir);
  const existing = nearestExisting(recordings);
  const checks: Check[] = [
    { what: 'project folder', verdict: 'ok', found: existsSync(dir) ? dir : `${dir} (made by the first recording)` },
  ];
  try {
    accessSync(existing, constants.W_OK | constants.X_OK);
    checks.push({ what: 'recordings folder', verdict: 'ok', found: existing === recordings ? 'writable' : 'can be made' });
  } catch {
    const todo = `Make ${existing} writable for this user, or set HINDCAST_DIR to a folder that is`;
    checks.push({ what: 'recordings folder', verdict: 'broken', found: `${existing} is not writable`, todo });
  }
  const mode = existing === recordings ? openMode(recordings) : undefined;
  if (mode !== undefined) {
    const todo = `Recordings hold what was said. Close the folder: chmod 700 ${recordings}`;
    checks.push({ what: 'permissions', verdict: 'warn', found: `others may read the recordings (mode ${mode})`, todo });
  }
  const { bavail, bsize } = statfsSync(existing);
  const free = bavail * bsize;
  const enough = free >= FREE_BYTES_MIN;
  const disk: Check = { what: 'free disk', verdict: enough ? 'ok' : 'warn', found: size(free) };
  checks.push(enough ? disk : { ...disk, todo: 'Free some space: a recording stops when the disk is full' });
  return checks;
}

function nearestExisting(path: string): string {
  let at = path;
  while (!existsSync(at) && dirname(at) !== at) at = dirname(at);
  return at;
}

/** The mode when others than the owner can get in; undefined when not, or where files have no modes. */
function openMode(path: string): string | undefined {
  const mode = statSync(path).mode & 0o777;
  return process.platform !== 'win32' && (mode & 0o077) !== 0 ? mode.toString(8).padStart(3, '0') : undefined;
}

/** Recordings that somebody should look at. Checks the newest ones line by line, up to a bound; the others by their ends. */
export function checkRecordings(dir: string): Check[] {
  const all = listRecordings(recordingsFolder(dir));
  const bytes = all.reduce((sum, recording) => sum + recording.bytes, 0);
  const crashed = all.filter(({ state }) => state === 'crashed');
  const damaged = all.filter(isDamaged(VERIFIED_BYTES_MAX));
  const waiting = all.filter(({ path, state }) => state !== 'recording' && existsSync(path.replace(/\.jsonl$/, '.cursor')));
  const checks: Check[] = [
    { what: 'recordings', verdict: 'ok', found: all.length === 0 ? 'none yet' : `${all.length}, ${size(bytes)}` },
  ];
  if (crashed.length > 0) {
    const found = `${count(crashed.length, 'session')} ended without saying so (crash, kill -9)`;
    checks.push({ what: 'crashed', verdict: 'note', found, todo: `Look at where: hindcast show ${crashed[0]?.id}` });
  }
  if (waiting.length > 0) {
    const found = `${count(waiting.length, 'recording')} not wholly sent to the backend yet`;
    checks.push({
      what: 'pending export',
      verdict: 'note',
      found,
      todo: 'The next program here that calls init() with an endpoint sends the rest',
    });
  }
  if (damaged.length > 0) {
    const ids = damaged.slice(0, 3).map(({ id }) => id);
    const todo = `Keep what is sound: hindcast repair ${ids[0]}`;
    checks.push({ what: 'damaged', verdict: 'broken', found: `${count(damaged.length, 'recording')}: ${ids.join(', ')}`, todo });
  }
  return checks;
}

/** How much of the disk budget is used, and what was removed for it. */
export async function checkBudget(dir: string): Promise<Check[]> {
  const recordings = recordingsFolder(dir);
  const { bytes, budgetBytes } = await usedOfBudget(recordings);
  const what = 'disk budget';
  const checks: Check[] = [];
  if (budgetBytes <= 0) checks.push({ what, verdict: 'note', found: `${size(bytes)} used, no limit` });
  else {
    const over = bytes > budgetBytes;
    const found = `${size(bytes)} of ${size(budgetBytes)} used`;
    const todo = 'hindcast gc removes the oldest recordings; the option diskBudgetMb allows more';
    checks.push({ what, verdict: over ? 'warn' : 'ok', found, ...(over && { todo }) });
  }
  const removed = removedWords(recordings);
  if (removed === undefined) return checks;
  const todo = removed.lost ? 'Raise diskBudgetMb, or see why the export fails' : undefined;
  const verdict = removed.lost ? 'warn' : 'note';
  return [...checks, { what: 'removed', verdict, found: removed.text, ...(todo && { todo }) }];
}

function isDamaged(bytesMax: number): (recording: Summary) => boolean {
  let left = bytesMax;
  return ({ path, state, bytes }) => {
    left -= bytes;
    if (state === 'damaged' || left < 0) return state === 'damaged';
    try {
      return verifyRecording(path).state === 'damaged';
    } catch {
      // Of a later format, or gone meanwhile: neither is damage.
      return false;
    }
  };
}

/** Options that cannot be used. */
export function checkOptions(): Check[] {
  const { values, problems } = resolveOptions();
  const where = values.endpoint === undefined ? 'nowhere: nothing leaves this machine' : new URL(values.endpoint).host;
  return [
    { what: 'export', verdict: 'ok', found: where },
    ...problems.map((found): Check => ({
      what: 'option',
      verdict: 'warn',
      found,
      todo: 'hindcast config show tells what set it',
    })),
  ];
}
