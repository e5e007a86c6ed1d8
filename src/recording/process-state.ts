/** Whether the process that wrote a recording still runs. */
import { readFileSync } from 'node:fs';

/** The kernel counts in ticks; user space has been told 100 a second on every Linux that Node runs on. */
const TICKS_PER_SECOND = 100;
const SLACK_S = 5;

/** Whether process `pid` is alive and was there at `epochUs`: after a restart another one may have the number. */
export function isAlive(pid: number, epochUs: number): boolean {
  if (!Number.isInteger(pid) || pid <= 0) return false;
  try {
    process.kill(pid, 0);
  } catch (error) {
    // It is there, but somebody else's.
    if ((error as NodeJS.ErrnoException).code !== 'EPERM') return false;
  }
  const startedS = process.platform === 'linux' ? startOf(pid) : undefined;
  return startedS === undefined || startedS <= epochUs / 1e6 + SLACK_S;
}

/** Seconds since 1970 at which a process began, or undefined when that cannot be told. */
function startOf(pid: number): number | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    // The name, in parentheses, may hold anything; the start is the 20th field behind it.
    const ticks = Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19]);
    const boot = Number(/^btime (\d+)$/m.exec(readFileSync('/proc/stat', 'latin1'))?.[1]);
    const seconds = boot + ticks / TICKS_PER_SECOND;
    return Number.isFinite(seconds) ? seconds : undefined;
  } catch {
    return undefined;
  }
}
