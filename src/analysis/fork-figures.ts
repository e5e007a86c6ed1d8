/** What a fork took from the recording that it was forked from, and what it asked anew. Pure. */
import type { SessionStats } from '../events/model.ts';
import type { SessionRecord } from './session-record.ts';
import { countEvent, emptyStats } from './stats.ts';

/** What must be known of a recording of a fork. */
export interface ForkRecord extends Pick<SessionRecord, 'events'> {
  exchanges: ReadonlyMap<number, { on?: string; from?: string }>;
}

export interface ForkFigures {
  /** Requests of any kind. */
  requests: { recorded: number; sent: number };
  /** Model calls that were answered from the recording, with the tokens and the money that they did not take. */
  saved: Pick<SessionStats, 'llm' | 'tokens' | 'cost'>;
  /** Model calls that were asked, with what they took. */
  spent: Pick<SessionStats, 'llm' | 'tokens' | 'cost'>;
}

/** The figures of all recordings of one fork. A model call whose requests nobody saw is in neither sum. */
export function forkFigures(records: readonly ForkRecord[]): ForkFigures {
  const [saved, spent] = [emptyStats(), emptyStats()];
  const requests = { recorded: 0, sent: 0 };
  for (const { events, exchanges } of records) {
    const sent = new Set<string>();
    const seen = new Set<string>();
    for (const { on, from } of exchanges.values()) {
      requests[from === undefined ? 'sent' : 'recorded']++;
      if (on === undefined) continue;
      seen.add(on);
      if (from === undefined) sent.add(on);
    }
    for (const event of events)
      if (event.type === 'llm' && seen.has(event.id)) countEvent(sent.has(event.id) ? spent : saved, event);
  }
  return { requests, saved: billed(saved), spent: billed(spent) };
}

function billed({ llm, tokens, cost }: SessionStats): ForkFigures['saved'] {
  return { llm, tokens, cost: { ...cost, usd: Math.round(cost.usd * 1e9) / 1e9 } };
}
