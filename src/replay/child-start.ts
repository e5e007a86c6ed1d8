/**
 * A child process that the app starts, by whichever function: Node's own code runs, over a handle of which this decides what comes from it. While recording it is the real one, whose news go
 * through a channel; in a replay no process is started, and the news come from the recording.
 */
import type { ChildProcess } from 'node:child_process';
import type { Socket } from 'node:net';
import type { Method } from '../patch/registry.ts';
import { wordsOf } from './channel-words.ts';
import type { Channel, Channels, Opening } from './channels.ts';
import { ChildMessages } from './child-messages.ts';
import type { MessageHandle } from './child-messages.ts';
import { ChildPipe } from './child-pipe.ts';
import type { PipeData, PipeHandle } from './child-pipe.ts';
import { whatOf } from './child-what.ts';
import type { SpawnOptions, StdioEntry } from './child-what.ts';
import { AppPlace } from './app-place.ts';
import { ChildOnward } from './child-onward.ts';
import { pairsOfStarted } from './environment.ts';
import { cover } from './hidden.ts';
import type { StandIns } from './pids.ts';
import type { Arrival } from './source.ts';
import { StandInPipe } from './stand-in-pipe.ts';
import { errnoOf, errorName } from './system-error.ts';

/** Node's handle of a process. */
interface ProcessHandle {
  pid?: number;
  onexit(code: number, signal?: string): void;
}

/** A child process from the inside. */
export interface StartingChild extends ChildProcess {
  _handle?: ProcessHandle | null;
}

type StartOptions = SpawnOptions & { envPairs?: string[] };

interface Spawned {
  pid?: number;
  error?: string;
}

/** Starts `child` by `original`, Node's `ChildProcess.prototype.spawn`. */
export function startChild(
  child: StartingChild,
  options: StartOptions,
  { original, channels, standIns }: { original: Method; channels: Channels; standIns: StandIns },
): unknown {
  const { _handle: handle } = child;
  if (handle === undefined || handle === null) return Reflect.apply(original, child, [options]) as unknown;
  const given = channels.real ? options : ofItsOwn(withoutStandIns(options));
  let started: StartedChild | null = null;
  cover(handle, 'spawn', (spawn) => (...args: unknown[]) => {
    const really = (): number => Reflect.apply(spawn, handle, args) as number;
    started = openChild(child, handle, given, channels);
    if (started === null) return really();
    if (!started.isReal) return started.replay(standIns);
    return started.record(really);
  });
  const result: unknown = Reflect.apply(original, child, [given]);
  (started as StartedChild | null)?.attach();
  return result;
}

/** Null: it is started as if we were not here. */
function openChild(child: StartingChild, handle: ProcessHandle, options: StartOptions, channels: Channels): StartedChild | null {
  const opening: Opening = { kind: 'child', what: whatOf(options) };
  const started = new StartedChild(child, handle, options);
  const channel = channels.open(
    opening,
    (arrival) => started.receive(arrival),
    (arrival) => started.isReady(arrival),
    started.onward,
  );
  if (channel === null)
    return channels.real ? null : openChild(child, handle, options, channels.refuse(opening, wordsOf(opening)));
  const unrecordable = channel.given.find(({ event }) => event === 'unrecordable');
  if (unrecordable !== undefined) {
    channel.leave();
    const words = `${wordsOf(opening)}: ${(unrecordable.data as { why: string }).why}; what it says`;
    return openChild(child, handle, options, channels.refuse(opening, words));
  }
  started.begin(channel, new AppPlace());
  return started;
}

class StartedChild {
  /** Where it goes on really, in a replay. */
  readonly onward: ChildOnward;
  readonly #child: StartingChild;
  readonly #handle: ProcessHandle;
  readonly #stdio: readonly StdioEntry[];
  readonly #isOfCluster: boolean;
  readonly #pipes = new Map<number, ChildPipe>();
  /** Node's own, which closes the handle and tells the app. */
  readonly #exited: ProcessHandle['onexit'];
  readonly #state = { isGone: false };
  #channel: Channel | undefined;
  #place: AppPlace | undefined;
  #messages: ChildMessages | undefined;
  #attach: () => void = () => {};

  constructor(child: StartingChild, handle: ProcessHandle, options: StartOptions) {
    const { stdio, envPairs = [] } = options;
    this.#child = child;
    this.#handle = handle;
    this.#stdio = stdio as StdioEntry[];
    this.#exited = handle.onexit;
    this.#isOfCluster = envPairs.some((pair) => pair.startsWith('NODE_UNIQUE_ID='));
    this.onward = new ChildOnward(options, (arrival) => this.#channel?.came(arrival));
  }

  get isReal(): boolean {
    return this.#channel?.real === true;
  }

  begin(channel: Channel, place: AppPlace): void {
    this.#channel = channel;
    this.#place = place;
    const ipc = this.#stdio.find((entry) => entry.ipc === true)?.handle as MessageHandle | undefined;
    if (ipc !== undefined) this.#messages = new ChildMessages(this.#child, ipc, channel, place);
  }

  /** Starts it by `really`, and stands between the handle and Node. */
  record(really: () => number): number {
    const [handle, channel] = [this.#handle, this.#channel!];
    const errno = really();
    channel.note({ event: 'spawned', data: errno === 0 ? { pid: handle.pid } : { error: errorName(errno) } });
    if (this.#isOfCluster) channel.note({ event: 'unrecordable', data: { why: 'it is of a cluster and shares its sockets' } });
    cover(handle, 'onexit', () => (code: number, signal?: string) => {
      if (code < 0) this.#exited(code, signal);
      else {
        this.#state.isGone = true;
        channel.came({ event: 'exit', data: { code, ...(signal !== '' && { signal }) } });
      }
    });
    // Until the app has been told, it is what a process is that nobody has waited for.
    cover(handle, 'kill', (kill) => (signal: unknown) => {
      this.#killed(signal);
      return this.#state.isGone ? 0 : (Reflect.apply(kill, handle, [signal]) as unknown);
    });
    this.#messages?.record();
    this.#attach = () => {
      this.#stdio.forEach(({ socket, handle: pipe, ipc }, fd) => {
        if (socket !== undefined && ipc !== true) this.#pipe(fd, socket as Socket).record(pipe as PipeHandle);
      });
      if (this.#child.channel !== undefined && errno === 0) this.#messages?.recordReading();
    };
    return errno;
  }

  /** Starts nothing. */
  replay(standIns: StandIns): number {
    const handle = this.#handle;
    const { pid, error } = (this.#channel?.given.find(({ event }) => event === 'spawned')?.data ?? {}) as Spawned;
    const pipes = this.#stdio.map((entry) => {
      if (entry.ipc === true || entry.handle === undefined || !isPipe(entry)) return undefined;
      (entry.handle as PipeHandle).close();
      const standIn = new StandInPipe();
      entry.handle = standIn;
      return standIn;
    });
    Object.defineProperty(handle, 'pid', { value: pid, configurable: true });
    cover(handle, 'close', () => () => {});
    for (const name of ['ref', 'unref'] as const) cover(handle, name, () => () => this.onward.hold(name === 'ref'));
    cover(handle, 'hasRef', () => () => true);
    cover(handle, 'kill', () => (signal: unknown) => {
      this.#killed(signal);
      this.onward.kill(signal);
      return 0;
    });
    if (pid !== undefined) standIns.set(pid, this.#state);
    this.#messages?.replay();
    this.#attach = () => {
      this.#stdio.forEach(({ socket }, fd) => {
        const standIn = pipes[fd];
        if (socket === undefined || standIn === undefined) return;
        standIn.pipe = this.#pipe(fd, socket as Socket);
        standIn.pipe.replay(this.onward);
      });
      this.#channel?.ready();
    };
    return error === undefined ? 0 : (errnoOf(error) ?? errnoOf('ENOENT') ?? -1);
  }

  /** Once Node has made the sockets, before the app has them. */
  attach(): void {
    this.#attach();
  }

  isReady({ event, data }: Arrival): boolean {
    if (event === 'exit') return true;
    const fd = (data as PipeData | undefined)?.fd;
    return fd === undefined ? this.#messages?.isReady(event) === true : this.#pipes.get(fd)?.isReady(event) === true;
  }

  receive(arrival: Arrival): void {
    const { event, data } = arrival;
    if (event === 'exit') {
      const { code, signal = '' } = data as { code: number; signal?: string };
      this.#state.isGone = true;
      this.#place?.run(() => this.#exited(code, signal));
      return;
    }
    const fd = (data as PipeData | undefined)?.fd;
    if (fd === undefined) this.#messages?.receive(arrival);
    else this.#pipes.get(fd)?.receive(arrival);
  }

  /** Whatever comes of it comes not before. */
  #killed(signal: unknown): void {
    this.#channel?.went('signal', Buffer.from(`${String(signal)}\n`));
  }

  #pipe(fd: number, socket: Socket): ChildPipe {
    const pipe = new ChildPipe(socket, fd, this.#channel!, this.#place!);
    this.#pipes.set(fd, pipe);
    return pipe;
  }
}

const isPipe = ({ type }: StdioEntry): boolean => type === 'pipe' || type === 'overlapped';

/** A child that a replay really starts is none of the replay. */
function ofItsOwn<O extends StartOptions>(options: O): O {
  const { envPairs } = options;
  return envPairs === undefined ? options : { ...options, envPairs: pairsOfStarted(envPairs) };
}

/** A descriptor of another child that a replay stands in for leads nowhere. */
function withoutStandIns<O extends SpawnOptions>(options: O): O {
  const { stdio } = options;
  if (!Array.isArray(stdio)) return options;
  const isStandIn = (entry: unknown): boolean =>
    (entry as { _handle?: unknown } | null | undefined)?._handle instanceof StandInPipe;
  return { ...options, stdio: stdio.map((entry: unknown) => (isStandIn(entry) ? 'ignore' : entry)) };
}
