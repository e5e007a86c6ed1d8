/** The channels of a replay: what the recording has comes from there, and what it does not have is refused, or opened really where the program goes its own way. */
import { ChannelCourse } from './channel-course.ts';
import { recordChannels } from './channels-recorded.ts';
import { replayChannels } from './channels-replayed.ts';
import type { ReplayedChannels } from './channels-replayed.ts';
import type { Channels, Opening } from './channels.ts';
import type { Course } from './course.ts';
import { isOfProvider } from './effects.ts';
import type { Elsewhere } from './elsewhere.ts';
import type { Endings } from './endings.ts';
import type { ForkPoint } from './fork-point.ts';
import type { Gate } from './gate.ts';
import { hostIn } from './leak-guard.ts';
import type { Refuse } from './leak-guard.ts';
import { isInternal } from './lineage.ts';
import type { Owed } from './owed.ts';
import type { OwnRecording } from './own-recording.ts';
import type { ReplayPlan } from './plan.ts';
import type { Tally } from './report.ts';
import type { SocketWhat } from './socket-what.ts';
import type { Source } from './source.ts';
import type { WebSocketWhat } from './websocket-what.ts';

export interface ChannelsOfReplay {
  plan: ReplayPlan;
  source: Source;
  gate: Gate;
  course: Course;
  fork: ForkPoint | null;
  tally: Tally;
  endings: Endings;
  /** Where what is opened really is written down. */
  own: OwnRecording | null;
  elsewhere: Elsewhere;
  owed: Owed;
  leak: Refuse;
}

export function channelsOfReplay(replay: ChannelsOfReplay): ReplayedChannels {
  const { plan, source, gate, course, fork, tally, endings, own, elsewhere, owed, leak } = replay;
  const really = own === null ? nothingKept(gate) : own.channels(gate.deliveries);
  return replayChannels({
    ...{ gate, recorded: source.channels, steps: source.steps, owed, elsewhere },
    course: new ChannelCourse({ plan, course, fork, tally, endings }),
    refuse(opening, words) {
      leak(words, effectOf(opening));
      if (!isInternal()) tally.opens(opening.kind);
      return really;
    },
  });
}

/** What is opened really where no recording of it is kept. */
const nothingKept = ({ deliveries }: Gate): Channels => recordChannels({ deliveries, write: () => {}, asking: () => {} });

/** Kinds of channels through which a program has effects. */
const EFFECTS = new Set(['child', 'worker']);

/** By what it may be allowed; undefined: it has no effect. */
function effectOf({ kind, what }: Opening): string | undefined {
  if (kind === 'socket') return (what as SocketWhat).host ?? (what as SocketWhat).path;
  if (kind !== 'websocket') return EFFECTS.has(kind) ? kind : undefined;
  const { url } = what as WebSocketWhat;
  return isOfProvider(url) ? undefined : hostIn(url);
}
