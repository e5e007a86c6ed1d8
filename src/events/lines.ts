/** The lines of a recording, as TypeScript. docs/recording-format.md is the same in words, complete enough to write a reader from. */
import type { ForkFacts } from './edits.ts';
import type { AgentFacts, EndReason, EventType, Note, SessionState, SessionStats, SpanEvent, StepFacts } from './model.ts';
import type { ErrorFacts } from './model.ts';
import type { ExchangeEnd } from './ports.ts';

/** Bumped when a reader of the old format would misread the new one. A new kind of line or a new member does not bump it: readers skip both. */
export const FORMAT_VERSION = 1;

/** The flag of a replay-grade recording: whatever came into the program by requests, channels, timers, clock, randomness and environment is in it, with who asked for it. */
export const REPLAY_FLAG = 1;
/** Of a recording in which places that come about by other than a promise have numbers of their own, and a body that is read whole is one promise. */
export const PLACES_FLAG = 2;
/** What this release writes, and can replay. */
export const REPLAY_FLAGS: readonly number[] = [REPLAY_FLAG, PLACES_FLAG];

/** `full`: with content and exchanges. `metadata`: neither. */
export type RecordMode = 'full' | 'metadata';

/** What every line has: `s` numbers the lines from 0 without a gap, `t` is microseconds since the session began; `c`, the CRC, is last. */
export interface LineBase {
  s: number;
  t: number;
}

/** Code of the app's own that decides what of a recording leaves the machine, and how. */
export type Guard = 'exporter' | 'processors' | 'redactor';

/** First line of each recording. */
export interface SessionLine extends LineBase {
  k: 'session';
  /** FORMAT_VERSION of the writer. */
  v: number;
  id: string;
  /** Microseconds since 1970-01-01 UTC at `t` = 0. */
  epoch: number;
  /** Trace id of the spans of this session, where the app has no trace of its own. */
  trace: string;
  mode: RecordMode;
  sdk: string;
  /** Numbered behaviours that a replayer must reproduce: those of `REPLAY_FLAGS` where the recording holds what a replay needs. */
  flags: number[];
  pid: number;
  node: string;
  platform: string;
  arch: string;
  name?: string;
  /** Id of the session that this one is part of, in this or another process. */
  parent?: string;
  /** The span that it began in, of an event of that session or of another process: parent of its outermost events. */
  within?: { trace: string; span: string };
  agent?: AgentFacts;
  environment?: string;
  service?: string;
  /** Full mode only, as all that the app wrote. */
  tags?: string[];
  metadata?: Record<string, MetadataValue>;
  links?: SessionLink[];
  /** The app's own code stands between the recording and the backend (redactor, processor, exporter): no process without it may export this. */
  guarded?: true;
  /** Which of them; absent where it is not known. */
  guards?: Guard[];
  /** Full mode only: the command line and the folder the process was started in. */
  argv?: string[];
  cwd?: string;
  /** Full mode only: Node's own options of that command line. */
  execArgv?: string[];
  /** Replay-grade recordings: 16 hex digits that all recordings of one process share. */
  process?: string;
  /** Replay-grade recordings: where the app started the session, the how many-th of that place. Absent of the one that calls fall into where none was started. */
  lin?: string;
  lo?: number;
  /** Full mode only: of what it is a fork. */
  fork?: ForkFacts;
  /** Holds what came into the process while no session of the app's was open, and nothing else. */
  outside?: true;
  /** Secrets and home folders were taken out of it (`hindcast share`): in a replay, whatever stands in their places now is what stood there. */
  scrubbed?: true;
}

/** An event began. A recording that holds this and no `event` of the same id saw the process die in between. */
export interface OpenLine extends LineBase {
  k: 'open';
  id: string;
  parent?: string;
  runId?: string;
  type: EventType;
  name: string;
  agent?: AgentFacts;
  step?: StepFacts;
  /** Replay-grade recordings: the place in the program where it began, and the how many-th event of that one. */
  lin?: string;
  lo?: number;
}

/** An event ended. */
export interface EventLine extends LineBase {
  k: 'event';
  e: SpanEvent;
}

/** Something said about an open event, written at once so that a crash cannot take it; the event's own line repeats it. */
export interface NoteLine extends LineBase {
  k: 'note';
  /** The event it is about. */
  on: string;
  n: Note;
}

/**
 * A request or response body. A string is the body's UTF-8 text. `b64`: bytes that are not UTF-8. `base`: the text equals that of exchange `base`'s request
 * in its first `head` and last `tail` UTF-16 units, with `mid` between: how a growing conversation is stored once. `at`: `len` bytes at that
 * offset of the recording's `.blobs` file, whose CRC-32 is `crc`; with `zstd` they are a Zstandard frame of so many bytes of body. `omitted`: not recorded, and why.
 */
export type Body =
  | string
  | { b64: string }
  | { base: number; head: number; tail: number; mid: string }
  | { at: number; len: number; crc: number; zstd?: number }
  | { omitted: string };

/** What is known of a request beside what was sent; of one whose line had been written before, in a `data` line. */
interface AskedMembers {
  /** Replay-grade recordings: who asked, the how many-th request of that one, and from which line of code. */
  lin?: string;
  lo?: number;
  where?: string;
  /** The answer began before the request had been sent whole: `body` is what had been. */
  early?: true;
  /** Forks: the exchange of the recording it was forked from whose answer it was given; absent where it was sent. */
  from?: string;
  /** Forks: the request, or the answer that it was given, is one of an edit. */
  edited?: true;
  /** Forks: what was sent, where an edit changed what the program asked. */
  sent?: SentBody;
  /** Forks: which of the header's `fork.onward` it was changed by, by their places in it. */
  onward?: number[];
}

/** An HTTP attempt was sent. */
export interface RequestLine extends LineBase, AskedMembers {
  k: 'request';
  /** Number of the exchange in this recording, from 1. */
  x: number;
  /** The event on whose behalf it was sent. */
  on?: string;
  method: string;
  url: string;
  headers: [string, string][];
  body?: Body;
}

/** A body as a difference to the one that the program asked: the first `head` and the last `tail` UTF-16 units of that, with `mid` between. */
export interface SentBody {
  head: number;
  tail: number;
  mid: string;
}

/** How bytes arrived. */
export interface Cuts {
  /** Lengths of the pieces in bytes; they add up to the body. */
  len: number[];
  /** Microseconds: the first since the session began, each further one since the piece before. */
  at: number[];
  /** Place of each piece in the order in which the process was given things: the first, then the difference to the one before. Absent: all 1. */
  ord?: number[];
}

/** The head of an answer, and as much of its body as had arrived when the line was written. */
export interface ResponseLine extends LineBase {
  k: 'response';
  x: number;
  status: number;
  headers: [string, string][];
  /** Microseconds since the session began at which the head arrived, and its place in the order of deliveries. */
  at: number;
  ord: number;
  /** Replay-grade recordings: the words after the status, and the URL that answered where it is not the one that was asked. */
  statusText?: string;
  url?: string;
  /** Version of HTTP, where it is known and is not 1.1. */
  version?: string;
  body?: Body;
  cuts?: Cuts;
  end?: EndOfExchange;
}

/** How an exchange ended. */
export interface EndOfExchange {
  how: ExchangeEnd;
  at: number;
  ord: number;
  error?: ErrorFacts;
  /** Replay-grade recordings: what the app was given as the error. */
  thrown?: ThrownFacts;
  /** Replay-grade recordings: headers after the body, of a request that was not sent by `fetch`. */
  trailers?: [string, string][];
}

/** An error as the app was given it: enough to throw its like again. `aborted`: the app itself ended the request, by its signal or by destroying it; `unconnected`: before there was a connection. */
export interface ThrownFacts {
  name: string;
  message: string;
  code?: string | number;
  aborted?: true;
  unconnected?: true;
  stack?: string;
  /** What else Node says of it: `errno`, `syscall`, `address`, ... */
  members?: Record<string, string | number | boolean>;
  cause?: ThrownFacts;
  /** Of an AggregateError. */
  errors?: ThrownFacts[];
}

/** More of an answer's body, or its end; also the end of an exchange that never had a head. */
export interface DataLine extends LineBase, AskedMembers {
  k: 'data';
  x: number;
  body?: Body;
  cuts?: Cuts;
  end?: EndOfExchange;
}

/** A timer of the app's fired (replay-grade recordings). */
export interface TimerLine extends LineBase {
  k: 'timer';
  /** Which timer: the place in the program that set it. */
  lin: string;
  /** How often it had fired before. */
  lo: number;
  /** The delay that it was set with, where that is a number. */
  ms?: number;
  /** Place in the order of deliveries. */
  ord: number;
}

/** Work of the app's beside it, with files or in the thread pool, has ended (replay-grade recordings). */
export interface WorkLine extends LineBase {
  k: 'work';
  /** Which work: the place in the program that began it. */
  lin: string;
  /** Place in the order of deliveries. */
  ord: number;
}

/** What kind of thing was drawn: `D` Date, `P` performance.now, `H` process.hrtime, `R` Math.random, `I` randomInt, `U` randomUUID, `B` random bytes, `S` the state of process and machine. */
export type DrawKind = 'D' | 'P' | 'H' | 'R' | 'I' | 'U' | 'B' | 'S';

/** Values of one kind that one place in the program was given, in their order, packed by kind. */
export type PackedDraws = [lin: string, kind: DrawKind, values: string | (number | string)[]];

/** What the app read of clocks and randomness (replay-grade recordings). */
export interface DrawsLine extends LineBase {
  k: 'draws';
  d: PackedDraws[];
}

/** Environment variables as the app read them first (replay-grade recordings); null: it was not set. */
export interface EnvLine extends LineBase {
  k: 'env';
  v: Record<string, string | null>;
}

/** Something was opened through which things come into the program (replay-grade recordings): a child process, a worker, a server, a question to a name server. */
export interface ChannelLine extends LineBase {
  k: 'channel';
  /** Number of the channel in this process, from 1. */
  n: number;
  /** A word: `child`, `worker`, `server`, ... */
  kind: string;
  /** What was opened, as JSON: its kind says in which form. */
  what: unknown;
  /** Who opened it, the how many-th channel of that one, and from which line of code. */
  lin: string;
  lo: number;
  where?: string;
}

/** Something came through a channel. */
export interface CameLine extends LineBase {
  k: 'came';
  n: number;
  /** What happened: `data`, `exit`, ... */
  event: string;
  /** Place in the order of deliveries. Absent: it was given at once, to the call that opened the channel. */
  ord?: number;
  /** So many bytes had gone into the channel before. Absent: none. */
  sent?: number;
  data?: unknown;
  body?: Body;
}

/** The program put something into a channel. */
export interface WentLine extends LineBase {
  k: 'went';
  n: number;
  /** Which way it took: `stdin`, `ipc`, ... What took one way is one stream of bytes. */
  event: string;
  body?: Body;
}

/** Lines of what came into the program other than by exchanges, and of what it put into channels. */
export type InputLine = TimerLine | WorkLine | DrawsLine | EnvLine | ChannelLine | CameLine | WentLine;

/** What the app says about the session itself; each member that is there replaces what was said before. */
export interface UpdateLine extends LineBase {
  k: 'update';
  /** Each in full mode only. */
  tags?: string[];
  metadata?: Record<string, MetadataValue>;
  links?: SessionLink[];
}

/** A value of a session's metadata. */
export type MetadataValue = string | number | boolean;

/** Something that belongs to a session and lies elsewhere: a video of the screen, a report that it made. */
export interface SessionLink {
  url: string;
  /** `video`, `artifact`, `trace`, ...: a word. */
  kind?: string;
  name?: string;
}

/** What the program printed (full mode only, opted in). A piece is what one write was given. */
export interface LogLine extends LineBase {
  k: 'log';
  /** The event that it was printed in. */
  on?: string;
  stream: 'stdout' | 'stderr';
  /** The method of `console` that printed it. */
  level?: string;
  text: string;
}

/** The machine and the project that the session ran on: known some time after it began, or never. Members of a further such line replace those before; of `packages`, its own members. */
export interface HostLine extends LineBase {
  k: 'host';
  h: HostFacts;
}

/** Each member is absent where it could not be read, or may not be. */
export interface HostFacts {
  os?: { platform?: string; distro?: string; release?: string; kernel?: string; arch?: string };
  cpu?: { brand?: string; cores?: number };
  /** Bytes. */
  memory?: { total?: number; free?: number };
  disk?: { total?: number; free?: number };
  container?: string;
  ci?: string;
  packageManager?: string;
  projectRoot?: string;
  /** Versions of the packages that the project declares, and of those that the process had loaded. */
  packages?: { declared?: Record<string, string>; loaded?: Record<string, string> };
}

/** Last line of a recording whose session ended. Without one, the process died (or still runs). */
export interface EndLine extends LineBase {
  k: 'end';
  state: SessionState;
  reason: EndReason;
  exitCode?: number;
  signal?: string;
  stats: SessionStats;
  /** Tags, metadata and links at the end, where they are not those of the header. */
  tags?: string[];
  metadata?: Record<string, MetadataValue>;
  links?: SessionLink[];
  /** What was printed and not kept: whole pieces, and all the UTF-16 units that are missing; of what was printed as bytes, its bytes. */
  logsDropped?: { pieces: number; chars: number };
  /** What was not recorded because the disk budget was reached. */
  dropped?: DroppedFacts;
}

/** Bodies of exchanges, contents of events and notes, and whole events that are missing; `bytes` is about what all of them would have taken. */
export interface DroppedFacts {
  bodies: number;
  contents: number;
  events: number;
  bytes: number;
}

export type Line =
  | SessionLine
  | OpenLine
  | EventLine
  | NoteLine
  | UpdateLine
  | LogLine
  | HostLine
  | RequestLine
  | ResponseLine
  | DataLine
  | InputLine
  | EndLine;
export type LineKind = Line['k'];
/** A line before it has been given its number. */
export type LineInput<L extends Line = Line> = L extends Line ? Omit<L, 's'> : never;
