/** Which sessions are meant, by what is known of them. Every condition that is given must hold. */
import type { AgentFacts, RunStatus, SpanEvent } from '../events/model.ts';
import type { SessionRecord } from './session-record.ts';

/** How a session stands, in the words of `hindcast ls`. `ended`: a signal ended it, or nobody said how it went. */
export type SessionStatus = 'running' | 'ok' | 'failed' | 'ended' | 'crashed' | 'damaged';

/** Conditions on a session. */
export interface SessionFilter {
  /** Id or name of the session's agent, or of one that ran in it. */
  agent?: string;
  /** Version of one of those. */
  version?: string;
  /** Where the session, or a run in it, ran. */
  environment?: string;
  /** A model that was asked for, or that answered. */
  model?: string;
  /** All of them. */
  tags?: readonly string[];
  /** How the session stands, or how one of its runs ended. */
  status?: SessionStatus | RunStatus;
  /** Microseconds since 1970-01-01 UTC: sessions that began then or later. */
  sinceUs?: number;
  /** Microseconds since 1970-01-01 UTC: sessions that began before then. */
  untilUs?: number;
}

/** A session with its tags as they were said last; without them, those of its end or its header count. */
export type TaggedRecord = SessionRecord & { tags?: readonly string[] };

/** How a session stands. */
export function statusOf({ state, end }: Pick<SessionRecord, 'state' | 'end'>): SessionStatus {
  if (state === 'damaged' || state === 'crashed') return state;
  if (state === 'recording' || end === undefined) return 'running';
  if (end.state === 'success') return 'ok';
  return end.state === 'failure' ? 'failed' : 'ended';
}

/** The tags of a session. */
export function tagsOf({ tags, end, header }: TaggedRecord): readonly string[] {
  return tags ?? end?.tags ?? header.tags ?? [];
}

/** Whether a session that began then is among those meant, as far as that tells. */
export function beganWithin(epochUs: number, { sinceUs, untilUs }: SessionFilter): boolean {
  return (sinceUs === undefined || epochUs >= sinceUs) && (untilUs === undefined || epochUs < untilUs);
}

/** Whether a session is among those meant. */
export function matchesFilter(record: TaggedRecord, filter: SessionFilter): boolean {
  const { header, events } = record;
  if (!beganWithin(header.epoch, filter)) return false;
  if (filter.tags !== undefined && filter.tags.length > 0) {
    const tags = tagsOf(record);
    if (!filter.tags.every((tag) => tags.includes(tag))) return false;
  }
  const { agent, version, environment, model, status } = filter;
  if ((agent !== undefined || version !== undefined) && !agentsOf(record).some((one) => isAgent(one, agent, version)))
    return false;
  if (
    environment !== undefined &&
    header.environment !== environment &&
    !events.some(({ run }) => run?.environment === environment)
  )
    return false;
  if (model !== undefined && !events.some((event) => isOfModel(event, model))) return false;
  return status === undefined || statusOf(record) === status || events.some(({ run }) => run?.status === status);
}

function agentsOf({ header, events, open }: SessionRecord): AgentFacts[] {
  return [header, ...open, ...events].flatMap(({ agent }) => (agent === undefined ? [] : [agent]));
}

function isAgent(one: AgentFacts, agent: string | undefined, version: string | undefined): boolean {
  if (agent !== undefined && one.id !== agent && one.name !== agent) return false;
  return version === undefined || one.version === version;
}

function isOfModel({ llm }: SpanEvent, model: string): boolean {
  return llm?.request.model === model || llm?.response?.model === model;
}
