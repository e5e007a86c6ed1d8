/** Channels in a replay: nothing real is opened, and what came is handed over from the recording. */
import { callSite } from './call-site.ts';
import type { ChannelCourse } from './channel-course.ts';
import { routeOfChannel, STARTED } from './channel-words.ts';
import type { Channels, Opening } from './channels.ts';
import { openingDivergence } from './divergence.ts';
import type { Elsewhere } from './elsewhere.ts';
import type { Gate } from './gate.ts';
import { currentNode } from './lineage.ts';
import { ReplayedChannel } from './replayed-channel.ts';
import { canonical, masked } from './request-digest.ts';
import type { Owed } from './owed.ts';
import type { Arrival, SourceChannel, Step } from './source.ts';

interface Candidate {
  readonly channel: SourceChannel;
  readonly digest: string;
  used: boolean;
}

export interface ChannelReplay {
  gate: Gate;
  recorded: readonly SourceChannel[];
  owed: Owed;
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

/**
 * Channels of a recording, found by place and what they are, else by what they are, in their order; else by place and what they are but for times, ids and names of temporary folders. Each is
 * found once. Once the program goes its own way, times and ids count.
 */
export function replayChannels({ gate, recorded, steps, owed, refuse, course, elsewhere }: ChannelReplay): ReplayedChannels {
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
    const isLeft = ({ used, channel }: Candidate): boolean => !used && !course.opensAgain(channel);
    const left = (): Candidate[] => {
      const all = candidates.filter(isLeft);
      return [...all.filter(isThere), ...all];
    };
    const asked = elsewhere.isElsewhere
      ? elsewhere.openingAsRecorded(
          opening,
          left().map(({ channel }) => channel),
        )
      : opening;
    const digest = digestOf(asked);
    // A number that is another one now may be what a fork is about.
    const likeness = course.isLive ? withoutFolders : maskedOf;
    const alike = byDigest.get(digest)?.filter(isLeft) ?? [];
    const found =
      alike.find(isThere) ??
      alike[0] ??
      left().find((candidate) => isThere(candidate) && likeness(candidate.digest) === likeness(digest)) ??
      nearest(opening, left());
    if (found === undefined) return null;
    found.used = true;
    answered[opening.kind] = (answered[opening.kind] ?? 0) + 1;
    return found.channel;
  };
  /** What the policy takes for what is opened: that of the same place, else the next one that is opened the same way. */
  const nearest = (opening: Opening, left: readonly Candidate[]): Candidate | undefined => {
    if (!STARTED.has(opening.kind)) return undefined;
    const route = routeOfChannel(opening);
    const found = left.find(({ channel: { line } }) => routeOfChannel(line) === route);
    if (found === undefined) return undefined;
    return course.takes(openingDivergence(opening, found.channel.line, callSite())) ? found : undefined;
  };
  return {
    real: false,
    answered,
    get left() {
      return candidates.filter(({ used }) => !used).map(({ channel }) => channel);
    },
    open(opening, deliver, isReady = () => true, onward) {
      const channel = find(opening);
      if (channel === null) return null;
      const comes = comesOf(channel);
      return new ReplayedChannel({ opening, channel, gate, owed, course, elsewhere, comes, deliver, isReady, onward });
    },
    ask: (opening) => find(opening)?.given[0] ?? null,
    refuse,
  };
}

const digestOf = ({ kind, what }: Pick<Opening, 'kind' | 'what'>): string => `${kind} ${canonical(what)}`;

const withoutFolders = (digest: string): string => digest.replaceAll(/\/tmp\/[^\s/"'\\]+/g, '<tmp>');

const maskedOf = (digest: string): string => masked(withoutFolders(digest));
