/** Channels in a replay: nothing real is opened, and what came is handed over from the recording. */
import type { Channels, Opening } from './channels.ts';
import type { Gate, Receiver } from './gate.ts';
import { currentNode } from './lineage.ts';
import { canonical } from './request-digest.ts';
import type { SourceChannel } from './source.ts';

interface Candidate {
  readonly channel: SourceChannel;
  readonly digest: string;
  used: boolean;
}

/** Channels of a recording, found by place and what they are, else by what they are, in their order. Each is found once. */
export function replayChannels(gate: Gate, recorded: readonly SourceChannel[], refuse: Channels['refuse']): Channels {
  const candidates = recorded.map((channel): Candidate => ({ channel, digest: digestOf(channel.line), used: false }));
  const byDigest = Map.groupBy(candidates, ({ digest }) => digest);
  const find = (opening: Opening): SourceChannel | null => {
    const node = currentNode();
    if (node.internal) return null;
    const lo = ++node.channels;
    const alike = byDigest.get(digestOf(opening))?.filter(({ used }) => !used) ?? [];
    const found = alike.find(({ channel: { line } }) => line.lin === node.id && line.lo === lo) ?? alike[0];
    if (found === undefined) return null;
    found.used = true;
    return found.channel;
  };
  return {
    real: false,
    open(opening, deliver, isReady = () => true) {
      const channel = find(opening);
      if (channel === null) return null;
      const receiver: Receiver = {
        isReady: (step) => step.kind === 'came' && isReady(step.arrival),
        receive: (step) => step.kind === 'came' && deliver(step.arrival),
      };
      gate.addReceiver(channel.key, receiver);
      return {
        came: () => {},
        note: () => {},
        given: channel.given,
        ready: () => gate.addReceiver(channel.key, receiver),
        leave: () => gate.leave(channel.key),
      };
    },
    ask: (opening) => find(opening)?.given[0] ?? null,
    refuse,
  };
}

const digestOf = ({ kind, what }: Opening): string => `${kind} ${canonical(what)}`;
