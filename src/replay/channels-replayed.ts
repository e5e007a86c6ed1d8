/** Channels in a replay: nothing real is opened, and what came is handed over from the recording. */
import { callSite } from './call-site.ts';
import { wordsOf } from './channel-words.ts';
import type { Channels, Opening } from './channels.ts';
import { sentDivergence } from './divergence.ts';
import type { Divergence } from './divergence.ts';
import type { Gate } from './gate.ts';
import { currentNode } from './lineage.ts';
import { canonical, masked } from './request-digest.ts';
import { SentBytes } from './sent-bytes.ts';
import type { SourceChannel } from './source.ts';

interface Candidate {
  readonly channel: SourceChannel;
  readonly digest: string;
  used: boolean;
}

export interface ChannelReplay {
  gate: Gate;
  recorded: readonly SourceChannel[];
  refuse: Channels['refuse'];
  /** Does not return where the replay stops. */
  onDivergence(divergence: Divergence): void;
}

/** Channels of a recording that this run has not opened. */
export interface ReplayedChannels extends Channels {
  readonly left: SourceChannel[];
  /** How many were answered, by kind. */
  readonly answered: Readonly<Record<string, number>>;
}

/**
 * Channels of a recording, found by place and what they are, else by what they are, in their order; else by place and what they are but for times, ids and names of temporary folders. Each is
 * found once.
 */
export function replayChannels({ gate, recorded, refuse, onDivergence }: ChannelReplay): ReplayedChannels {
  const candidates = recorded.map((channel): Candidate => ({ channel, digest: digestOf(channel.line), used: false }));
  const byDigest = Map.groupBy(candidates, ({ digest }) => digest);
  const answered: Record<string, number> = {};
  const find = (opening: Opening): SourceChannel | null => {
    const node = opening.at ?? currentNode();
    if (node.internal) return null;
    const lo = ++node.channels;
    const isThere = ({ channel: { line } }: Candidate): boolean => line.lin === node.id && line.lo === lo;
    const digest = digestOf(opening);
    const alike = byDigest.get(digest)?.filter(({ used }) => !used) ?? [];
    const found =
      alike.find(isThere) ??
      alike[0] ??
      candidates.find((candidate) => !candidate.used && isThere(candidate) && maskedOf(candidate.digest) === maskedOf(digest));
    if (found === undefined) return null;
    found.used = true;
    answered[opening.kind] = (answered[opening.kind] ?? 0) + 1;
    return found.channel;
  };
  return {
    real: false,
    answered,
    get left() {
      return candidates.filter(({ used }) => !used).map(({ channel }) => channel);
    },
    open(opening, deliver, isReady = () => true) {
      const channel = find(opening);
      if (channel === null) return null;
      const { given, key } = channel;
      const sent = new SentBytes(channel.went);
      gate.addReceiver(key, {
        isReady: (step) => step.kind === 'came' && sent.total >= (step.sent ?? 0) && isReady(step.arrival),
        receive: (step) => step.kind === 'came' && deliver(step.arrival),
      });
      return {
        given,
        came: () => {},
        note: () => {},
        went(event, bytes) {
          const other = sent.add(event, bytes);
          if (other !== null) onDivergence(sentDivergence(wordsOf(opening), other, callSite()));
          gate.look();
        },
        ready: () => gate.look(),
        leave: () => gate.leave(key),
      };
    },
    ask: (opening) => find(opening)?.given[0] ?? null,
    refuse,
  };
}

const digestOf = ({ kind, what }: Pick<Opening, 'kind' | 'what'>): string => `${kind} ${canonical(what)}`;

const maskedOf = (digest: string): string => masked(digest.replaceAll(/\/tmp\/[^\s/"'\\]+/g, '<tmp>'));
