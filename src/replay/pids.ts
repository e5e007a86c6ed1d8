/** Numbers of processes in a replay: those of the recording, which are somebody else's by now. */
import type { Method } from '../patch/registry.ts';
import type { Channels } from './channels.ts';
import { replaceBelow, replaceMember } from './globals.ts';
import { isInternal } from './lineage.ts';

/** Children that a replay stands in for, by pid. */
export type StandIns = Map<number, { isGone: boolean }>;

/** This process's own number, which stays that of the system. */
const OWN = process.pid;

/** Gives the process the number that it had. Undone by `undoAll`. */
export function restorePid(pid: number): void {
  if (pid > 0) replaceMember(process, 'pid', pid);
}

/** The process, or group of processes, that the app means by a number. */
export function processMeant(pid: unknown): unknown {
  return pid === process.pid ? OWN : pid === -process.pid ? -OWN : pid;
}

/** Signals reach this process alone: those to children that are stood in for do nothing, all others are refused. Undone by `undoAll`. */
export function guardPids(channels: Channels, standIns: StandIns): void {
  replaceBelow(process, 'kill', (original): Method => {
    return function (this: unknown, ...args: unknown[]) {
      const [pid, signal] = args;
      const really = (to: unknown): unknown => Reflect.apply(original, this, [to, ...args.slice(1)]);
      const meant = processMeant(pid);
      const number = Math.abs(Number(meant));
      if (number === OWN) return really(meant);
      if (isInternal() || number === 0 || Number.isNaN(number)) return really(pid);
      const standIn = standIns.get(number);
      if (standIn === undefined) {
        if (number === process.ppid && signal === 0) return really(pid);
        channels.refuse({ kind: 'signal', what: { signal } }, `a signal to process ${String(pid)}`);
        return really(pid);
      }
      if (!standIn.isGone) return true;
      throw Object.assign(new Error('kill ESRCH'), { errno: -3, code: 'ESRCH', syscall: 'kill' });
    };
  });
}
