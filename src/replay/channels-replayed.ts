/** Channels in a replay: nothing real is opened, and what came is handed over from the recording. */
import { callSite } from './call-site.ts';
import type { ChannelCourse } from './channel-course.ts';
import { routeOfChannel } from './channel-words.ts';
import type { Channels, Opening } from './channels.ts';
import { openingDivergence } from './divergence.ts';
import type { Elsewhere } from './elsewhere.ts';
import type { Gate } from './gate.ts';
import { currentNode } from './lineage.ts';
import { ReplayedChannel } from './replayed-channel.ts';
import { canonical, masked } from './request-digest.ts';
import type { Arrival, SourceChannel, Step } from './source.ts';

interface Candidate {
  readonly channel: SourceChannel;
  readonly digest: string;
  used: boolean;
}

export interface ChannelReplay {
  gate: Gate;
  recorded: readonly SourceChannel[];
  steps: readonly Step[];
  refuse: Channels['refuse'];
  course: ChannelCourse;
  elsewhere: Elsewhere;
}

/** Channels of a recording that this run has not opened. */
export interface ReplayedChannels extends Channels {
  readonly left: SourceChannel[];
  /** How many were answered, by kind. */
  readonly answered: Readonly<Record<string, number>>;
}

/** Kinds of channels of which another one may be taken for the recorded one. */
const ALIKE = new Set(['child', 'worker', 'websocket']);

/**
 * Channels of a recording, found by place and what they are, else by what they are, in their order; else by place and what they are but for times, ids and names of temporary folders. Each is
 * found once.
 */
export function replayChannels({ gate, recorded, steps, refuse, course, elsewhere }: ChannelReplay): ReplayedChannels {
  const candidates = recorded.map((channel): Candidate => ({ channel, digest: digestOf(channel.line), used: false }));
  const byDigest = Map.groupBy(candidates, ({ digest }) => digest);
  const answered: Record<string, number> = {};
  const stepsBy = Map.groupBy(steps, (step) => (step.kind === 'came' ? step.of : ''));
  const comesOf = ({ key }: SourceChannel): Arrival[] =>
    (stepsBy.get(key) ?? []).flatMap((step) => (step.kind === 'came' ? [step.arrival] : []));
  const find = (opening: Opening): SourceChannel | null => {
    const node = opening.at ?? currentNode();
    if (node.internal) return null;
    const lo = ++node.channels;
    const isThere = ({ channel: { line } }: Candidate): boolean => line.lin === node.id && line.lo === lo;
    const left = candidates.filter(({ used }) => !used);
    const byChance = [...left.filter(isThere), ...left].map(({ channel }) => channel);
    const digest = digestOf(elsewhere.openingAsRecorded(opening, byChance));
    const alike = byDigest.get(digest)?.filter(({ used }) => !used) ?? [];
    const found =
      alike.find(isThere) ??
      alike[0] ??
      left.find((candidate) => isThere(candidate) && maskedOf(candidate.digest) === maskedOf(digest)) ??
      nearest(opening, left, isThere);
    if (found === undefined) return null;
    found.used = true;
    answered[opening.kind] = (answered[opening.kind] ?? 0) + 1;
    return found.channel;
  };
  /** What the policy takes for what is opened: that of the same place, else the next one that is opened the same way. */
  const nearest = (
    opening: Opening,
    left: readonly Candidate[],
    isThere: (candidate: Candidate) => boolean,
  ): Candidate | undefined => {
    if (!ALIKE.has(opening.kind)) return undefined;
    const route = routeOfChannel(opening);
    const near = left.filter(({ channel: { line } }) => routeOfChannel(line) === route);
    const found = near.find(isThere) ?? near[0];
    if (found === undefined) return undefined;
    return course.takes(openingDivergence(opening, found.channel.line, callSite())) ? found : undefined;
  };
  return {
    real: false,
    answered,
    get left() {
      return candidates.filter(({ used }) => !used).map(({ channel }) => channel);
    },
    open(opening, deliver, isReady = () => true, onward = undefined) {
      const channel = find(opening);
      if (channel === null) return null;
      const comes = comesOf(channel);
      return new ReplayedChannel({ opening, channel, gate, course, elsewhere, comes, deliver, isReady, onward });
    },
    ask: (opening) => find(opening)?.given[0] ?? null,
    refuse,
  };
}

const digestOf = ({ kind, what }: Pick<Opening, 'kind' | 'what'>): string => `${kind} ${canonical(what)}`;

const maskedOf = (digest: string): string => masked(digest.replaceAll(/\/tmp\/[^\s/"'\\]+/g, '<tmp>'));
