/** Child processes of the app: every way to start one leads here. */
import type { Method } from '../patch/registry.ts';
import type { Channels } from './channels.ts';
import { startChild } from './child-start.ts';
import type { StartingChild } from './child-start.ts';
import { answerSync } from './child-sync.ts';
import type { SpawnOptions } from './child-what.ts';
import { replaceBelow } from './globals.ts';
import { isForeign } from './lineage.ts';
import { guardPids } from './pids.ts';
import type { StandIns } from './pids.ts';

const SYNC = ['spawnSync', 'execFileSync', 'execSync'] as const;

/** Replaces what starts children, below whatever else replaces it. Undone by `undoAll`. To be called after timers are replaced: Node takes those for the timeout of a child when it loads this module. */
export function patchChildren(channels: Channels): void {
  const children = process.getBuiltinModule('node:child_process');
  const standIns: StandIns = new Map();
  // One place for spawn, fork, exec, execFile, their promises, and cluster.fork.
  replaceBelow(children.ChildProcess.prototype, 'spawn', (original): Method => {
    return function spawn(this: StartingChild, options: SpawnOptions) {
      const isOurs = isForeign() || typeof options !== 'object' || options === null;
      if (isOurs) return Reflect.apply(original, this, [options]) as unknown;
      return startChild(this, options, { original, channels, standIns });
    };
  });
  for (const name of SYNC) {
    replaceBelow(
      children,
      name,
      (original) =>
        function (this: unknown, ...args: unknown[]) {
          if (isForeign()) return Reflect.apply(original, this, args) as unknown;
          return answerSync(name, args, { channels, real: (given) => Reflect.apply(original, this, given) as unknown });
        },
    );
  }
  if (!channels.real) guardPids(channels, standIns);
}
