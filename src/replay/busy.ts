/** Whether the process is at work that nobody recorded: of the thread pool, or with files. A replay waits for that. */

/** A process that waits takes less of the time than this. */
const BUSY_SHARE = 0.1;

/** Begins to watch; what is returned says whether the process was busy for `ms` since then. */
export function watchWork(): (ms: number) => boolean {
  const before = process.cpuUsage();
  return (ms) => {
    const { user, system } = process.cpuUsage(before);
    return user + system > ms * 1000 * BUSY_SHARE || process.getActiveResourcesInfo().some((name) => name.startsWith('FSReq'));
  };
}
