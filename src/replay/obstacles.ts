/** What keeps a recording from being replayed, or may have its replay come out otherwise: one rule each, pure functions of the recording and of what is known of here. */
import type { DrawsLine, PackedDraws, SessionLine } from '../events/lines.ts';
import { REPLAY_FLAG, REPLAY_FLAGS } from '../events/lines.ts';
import type { Exchange, Recording } from '../recording/recording.ts';
import { DRAWS_MAX } from './draws.ts';
import { knownUpTo } from './known-part.ts';
import { routeOf } from './request-digest.ts';
import { runtimeOf } from './register-options.ts';

/** Each kind of obstacle; docs/cli.md has a table of them. */
export type ObstacleCode =
  | 'no_content'
  | 'not_recorded_for_it'
  | 'newer'
  | 'damaged'
  | 'body_missing'
  | 'not_followed'
  | 'no_exchange'
  | 'child_process'
  | 'draws_full'
  | 'order_gap'
  | 'not_ended'
  | 'program_missing'
  | 'program_changed'
  | 'node_version'
  | 'platform'
  | 'packages_changed'
  | 'scrubbed';

/** `none`: it cannot be replayed at all. `part`: a replay stops at it, or comes out otherwise. `maybe`: it may come out otherwise. */
export type ObstacleEffect = 'none' | 'part' | 'maybe';

export interface Obstacle {
  code: ObstacleCode;
  effect: ObstacleEffect;
  /** What was found, with its place in the recording. */
  text: string;
  /** What to do about it. */
  todo?: string;
}

/** What is known of the machine that is to replay. */
export interface Here {
  /** `process.version`. */
  node: string;
  platform: string;
  arch: string;
  /** The program's file as it is here; absent where the command line names none. `changedMs`: when it was written last, in milliseconds since 1970; absent: it is not here. */
  program?: { path: string; changedMs?: number };
  /** Versions of packages that the program would load here, by name. */
  packages: Readonly<Record<string, string | undefined>>;
  /** Headers of sessions in other processes that are part of this one. */
  children: readonly SessionLine[];
}

/** Named places in a text; the others are counted. */
const NAMED_MAX = 3;

/** Everything that stands in the way. `recordings` are those of one process, the one that was asked for first. */
export function obstaclesOf(recordings: readonly Recording[], here: Here): Obstacle[] {
  const blocked = recordings.flatMap((recording) => blockersOf(recording));
  if (blocked.length > 0) return blocked;
  const [first] = recordings;
  if (first === undefined) return [];
  return [
    ...recordings.flatMap((recording) => [
      ...missingBodies(recording),
      ...notFollowed(recording),
      ...withoutExchange(recording),
      ...notEnded(recording),
    ]),
    ...childProcesses(recordings, here),
    ...fullDraws(recordings),
    ...orderGaps(recordings),
    ...programOf(first, here),
    ...hostOf(first, here),
    ...scrubbed(first),
  ];
}

/** Why a recording cannot be replayed at all; what is first is why. */
export function blockersOf({ header, problems }: Recording): Obstacle[] {
  if (header.mode !== 'full') {
    const text = 'it holds no content: it was recorded in mode metadata';
    return [{ code: 'no_content', effect: 'none', text, todo: 'record with HINDCAST_RECORD=full' }];
  }
  if (!header.flags.includes(REPLAY_FLAG)) {
    const text = 'it was not recorded for a replay';
    const todo = 'record with `hindcast run`, or with HINDCAST_REPLAYABLE=on and node --import hindcast/register';
    return [{ code: 'not_recorded_for_it', effect: 'none', text, todo }];
  }
  const newer = header.flags.filter((flag) => !REPLAY_FLAGS.includes(flag));
  if (newer.length > 0) {
    const text = `it needs what this release does not do (flag ${newer.join(', ')})`;
    return [{ code: 'newer', effect: 'none', text, todo: 'use a newer hindcast' }];
  }
  const damage = problems.find(({ kind }) => kind !== 'torn');
  if (damage === undefined) return [];
  const text = `it is damaged (line ${damage.lineNumber}: ${damage.message})`;
  return [{ code: 'damaged', effect: 'none', text, todo: 'keep what is sound with hindcast repair' }];
}

function missingBodies({ exchanges, end }: Recording): Obstacle[] {
  const found = [...exchanges.values()].flatMap((exchange) =>
    Object.entries(exchange.omitted ?? {}).map(
      ([of, why]) => `the ${of === 'request' ? 'body' : 'answer'} of request ${nameOf(exchange)}: ${why}`,
    ),
  );
  const dropped = end?.dropped?.events ?? 0;
  if (dropped > 0) found.push(`${dropped} events, for which there was no room`);
  if (found.length === 0) return [];
  return [
    {
      code: 'body_missing',
      effect: 'part',
      text: `not recorded: ${listed(found)}`,
      todo: 'record it again; diskBudgetMb says how much there is room for',
    },
  ];
}

const nameOf = (exchange: Exchange): string => `${exchange.x} (${routeOf(exchange)})`;

function notFollowed({ exchanges }: Recording): Obstacle[] {
  const found = [...exchanges.values()].filter(({ asked, method }) => asked === undefined && method !== '');
  if (found.length === 0) return [];
  const places = found.map((exchange) => {
    const on = exchange.on === undefined ? '' : ` of event ${exchange.on}`;
    return `${nameOf(exchange)} to ${hostOfUrl(exchange.url)}${on}`;
  });
  const text = `nobody knows who sent ${found.length === 1 ? 'request' : 'requests'} ${listed(places)}: sent by something that is not followed`;
  return [{ code: 'not_followed', effect: 'part', text }];
}

const hostOfUrl = (url: string): string => (URL.canParse(url) ? new URL(url).host : url);

/** Calls of models for which nothing was sent that is recorded: over a WebSocket, or by a process of the SDK's own. */
function withoutExchange({ events, exchanges }: Recording): Obstacle[] {
  const on = new Set([...exchanges.values()].map((exchange) => exchange.on));
  const inner = new Set(events.map(({ parent }) => parent));
  const found = events.filter(({ type, id, status }) => type === 'llm' && status === 'ok' && !on.has(id) && !inner.has(id));
  if (found.length === 0) return [];
  const text = `no request is recorded of ${listed(found.map(({ id, name }) => `${name} (event ${id})`))}: it was answered over something else than HTTP`;
  return [{ code: 'no_exchange', effect: 'part', text }];
}

function notEnded({ end, state }: Recording): Obstacle[] {
  if (end !== undefined) return [];
  const how = state === 'recording' ? 'it is still being recorded' : 'its process died before it ended';
  return [{ code: 'not_ended', effect: 'maybe', text: `${how}: it is replayed up to where the recording breaks off` }];
}

function childProcesses(recordings: readonly Recording[], { children }: Here): Obstacle[] {
  const isFollowed = recordings.some(({ inputs }) =>
    inputs.some((line) => line.k === 'channel' && ['child', 'worker'].includes(line.kind)),
  );
  if (children.length === 0 || isFollowed) return [];
  const text = `it started ${children.length === 1 ? 'a process' : 'processes'} whose work is recorded apart: ${listed(children.map(({ id }) => id))}`;
  return [{ code: 'child_process', effect: 'part', text, todo: 'replay that session by itself' }];
}

function fullDraws(recordings: readonly Recording[]): Obstacle[] {
  const drawn = recordings
    .flatMap(({ inputs }) => inputs)
    .filter((line): line is DrawsLine => line.k === 'draws')
    .flatMap(({ d }) => d)
    .reduce((sum, draws) => sum + countOf(draws), 0);
  if (drawn < DRAWS_MAX) return [];
  const text = `it read clocks and randomness ${DRAWS_MAX.toLocaleString('en')} times: what it read after that is not recorded`;
  return [{ code: 'draws_full', effect: 'part', text }];
}

/** How many values there are, without making them. */
function countOf([, kind, packed]: PackedDraws): number {
  if (kind === 'R') return typeof packed === 'string' ? Math.floor(Buffer.byteLength(packed, 'base64') / 8) : 0;
  if (typeof packed === 'string') return 0;
  return kind === 'D'
    ? packed.reduce<number>((sum, value, index) => (index % 2 === 1 ? sum + Number(value) : sum), 0)
    : packed.length;
}

/** Something that came into the process is in no recording here. */
function orderGaps(recordings: readonly Recording[]): Obstacle[] {
  try {
    knownUpTo(recordings);
    return [];
  } catch (error) {
    const text = error instanceof Error ? error.message : String(error);
    const todo = 'bring all recordings of the process together: hindcast share and import do';
    return [{ code: 'order_gap', effect: 'none', text, todo }];
  }
}

function programOf({ header, end }: Recording, { program }: Here): Obstacle[] {
  if (program === undefined) return [];
  const { path, changedMs } = program;
  if (changedMs === undefined) {
    const text = `its program is not here: ${path}`;
    return [
      { code: 'program_missing', effect: 'part', text, todo: `say what to run: hindcast replay ${header.id} -- node <file>` },
    ];
  }
  const endMs = (header.epoch + (end?.t ?? 0)) / 1000;
  if (changedMs <= endMs) return [];
  const text = `${path} was written after the session: it may be another program by now. Other files are not looked at`;
  return [{ code: 'program_changed', effect: 'maybe', text }];
}

function hostOf({ header, host }: Recording, here: Here): Obstacle[] {
  const found: Obstacle[] = [];
  if (runtimeOf(header) === null && majorOf(header.node) !== majorOf(here.node)) {
    const text = `recorded on Node ${header.node}, and this is ${here.node}: timers and promises may come in another order`;
    found.push({ code: 'node_version', effect: 'maybe', text, todo: `replay it on Node ${majorOf(header.node)}` });
  }
  if (header.platform !== here.platform || header.arch !== here.arch) {
    const text = `recorded on ${header.platform} ${header.arch}, and this is ${here.platform} ${here.arch}`;
    found.push({ code: 'platform', effect: 'maybe', text });
  }
  const recorded = { ...host?.packages?.declared, ...host?.packages?.loaded };
  const changed = Object.entries(recorded).flatMap(([name, version]) => {
    const now = here.packages[name];
    return now === undefined || version.split(', ').includes(now) ? [] : [`${name} ${version}, now ${now}`];
  });
  if (changed.length > 0)
    found.push({ code: 'packages_changed', effect: 'maybe', text: `other versions of packages: ${listed(changed)}` });
  return found;
}

/** Of `v24.1.0`, 24. */
export const majorOf = (version: string): number => Number(/\d+/.exec(version)?.[0]);

function scrubbed({ header }: Recording): Obstacle[] {
  if (header.scrubbed !== true) return [];
  const text =
    'secrets and home folders were taken out of it: a program that takes answers apart may find something else in them';
  return [{ code: 'scrubbed', effect: 'maybe', text }];
}

function listed(texts: readonly string[]): string {
  const more = texts.length - NAMED_MAX;
  return texts.slice(0, NAMED_MAX).join('; ') + (more > 0 ? `; and ${more} more` : '');
}
