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

/** Resources from which nothing comes by itself: what is printed goes out by these. Children and sockets are others. */
const SILENT = new Set(['PipeWrap', 'TTYWrap']);

/** Whether nothing is under way in the process but `timers` timers of ours: what its program waits for, nobody gives it. Work of the thread pool is not seen. */
export function nothingComes(timers: number): boolean {
  const others = process.getActiveResourcesInfo().filter((name) => !SILENT.has(name));
  return others.length <= timers && others.every((name) => name === 'Timeout');
}
