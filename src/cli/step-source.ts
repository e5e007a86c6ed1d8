/** What the debugger looks at: a session with its family, its timeline, and what was said in it, read when it is asked for. */
import { contextOf, newPieces, type CallContext } from '../analysis/context.ts';
import { explainSession } from '../analysis/explain.ts';
import type { Explanation } from '../analysis/explanation.ts';
import { eventTexts, findIn, messageTexts, noteTexts, type PlacedText } from '../analysis/search-text.ts';
import { Timeline, type HttpAnswer, type Moment, type TimedEvent } from '../analysis/timeline.ts';
import type { MessageContent } from '../events/content.ts';
import type { Exchange, Recording } from '../recording/recording.ts';
import { familyAt, familyOfOne, type Family } from './family.ts';
import { bodiesOf, messagesOf } from './messages.ts';
import { openRecording } from './project.ts';

/** Calls whose messages are kept decoded: walking to and fro asks for the same ones. */
const DECODED_MAX = 64;
/** What an event says of its end only. */
const KNOWN_AT_END = new Set([
  'answering model',
  'response id',
  'tool asked for',
  'error type',
  'error code',
  'request id',
  'error message',
  'stack',
  'result',
  'attribute',
]);
const KNOWN_AS_NOTE = new Set(['decision', 'failure', 'signal']);

/** What was said in a model call. */
export interface SaidInCall {
  messages: MessageContent;
  context: CallContext;
  /** The body of a request that cannot be decoded, as of a call that never ended. */
  raw?: string;
}

/** One reading of a session. */
export class StepSource {
  readonly family: Family;
  readonly timeline: Timeline;
  readonly #exchanges = new Map<string, Exchange[]>();
  #explanation: Explanation | undefined;
  readonly #decoded = new Map<string, SaidInCall>();

  constructor(family: Family) {
    this.family = family;
    const { first, recordings, tree } = family;
    const answers: HttpAnswer[] = [];
    const shiftOf = (recording: Recording): number => recording.header.epoch - first.header.epoch;
    for (const recording of recordings) {
      for (const exchange of recording.exchanges.values()) {
        if (exchange.on !== undefined) this.#exchangesOf(exchange.on).push(exchange);
        answers.push(...answerOf(exchange, shiftOf(recording)));
      }
    }
    // Without content, exchanges are not recorded; the event knows when its attempts were answered.
    for (const event of family.events.events) {
      if (this.#exchanges.has(event.id)) continue;
      for (const { at, us, status, error } of event.attempts ?? [])
        answers.push({
          on: event.id,
          at: at + us,
          us,
          ...(status !== undefined && { status }),
          ...(error !== undefined && { error }),
        });
    }
    const logs = recordings.flatMap((recording) => recording.logs.map((line) => ({ ...line, t: line.t + shiftOf(recording) })));
    this.timeline = new Timeline({ session: first.header.id, epochUs: first.header.epoch, roots: tree, answers, logs });
  }

  /** What happened in it, by rules. */
  get explanation(): Explanation {
    const { first, recordings } = this.family;
    return (this.#explanation ??= explainSession(first, { children: recordings.filter((one) => one !== first) }));
  }

  /** Whether some of it is still being written. */
  get isLive(): boolean {
    return this.family.recordings.some(({ state }) => state === 'recording');
  }

  /** Whether what was said around an event is recorded. */
  hasContent(of: TimedEvent | undefined): boolean {
    return this.recordingOf(of).header.mode === 'full';
  }

  recordingOf(of: TimedEvent | undefined): Recording {
    return (of && this.family.events.recordings.get(of.node.id)) ?? this.family.first;
  }

  /** What was said in a model call. */
  saidIn(call: TimedEvent): SaidInCall {
    const { id, event } = call.node;
    const known = this.#decoded.get(id);
    if (known) return known;
    const last = this.#exchanges.get(id)?.at(-1);
    const messages = event ? messagesOf(event, bodiesOf(last)) : {};
    const raw = messages.input === undefined && messages.system === undefined ? last?.requestText() : undefined;
    const said = { messages, context: contextOf(event, messages), ...(raw !== undefined && { raw }) };
    this.#decoded.set(id, said);
    if (this.#decoded.size > DECODED_MAX) this.#decoded.delete(this.#decoded.keys().next().value as string);
    return said;
  }

  /** Whether something is said with a moment, and not before, that a pattern finds. */
  says(moment: Moment, pattern: RegExp): boolean {
    for (const text of this.#textsOf(moment)) if (findIn(text, pattern)) return true;
    return false;
  }

  #exchangesOf(id: string): Exchange[] {
    let list = this.#exchanges.get(id);
    if (list === undefined) this.#exchanges.set(id, (list = []));
    return list;
  }

  *#textsOf(moment: Moment): Generator<string, void> {
    const { kind, of } = moment;
    if (kind === 'log') yield moment.log.text;
    else if (kind === 'note') yield* plain(noteTexts([moment.note]));
    else if (kind === 'begin') {
      const { node, previousCall } = of;
      if (node.event)
        yield* plain(
          eventTexts(node.event),
          (where) => !KNOWN_AT_END.has(where.split(' ', 1)[0] ?? '') && !KNOWN_AT_END.has(where),
        );
      else yield node.name;
      if (node.type !== 'llm') return;
      const { context, raw } = this.saidIn(of);
      if (raw !== undefined) yield raw;
      yield* plain(messageTexts(newPieces(previousCall && this.saidIn(previousCall), context)));
    } else if (kind === 'end' && of.node.event) {
      yield* plain(eventTexts(of.node.event), (where) => KNOWN_AT_END.has(where));
      const { output } = of.node.type === 'llm' ? this.saidIn(of).messages : {};
      if (output) yield* plain(messageTexts({ output }));
    }
  }
}

/** Reads a session. */
export function openStepSource(path: string, { alone }: { alone: boolean }): StepSource {
  return new StepSource(alone ? familyOfOne(openRecording(path)) : familyAt(path));
}

function* plain(texts: Iterable<PlacedText>, wants: (where: string) => boolean = () => true): Generator<string, void> {
  for (const { where, text } of texts) if (!KNOWN_AS_NOTE.has(where) && wants(where)) yield text;
}

/** The answer of an exchange, if it came to one. */
function answerOf({ on, sentAt, headAt, status, end }: Exchange, shift: number): HttpAnswer[] {
  const at = end?.at ?? headAt;
  if (at === undefined) return [];
  const early = end === undefined || end.how === 'complete' ? undefined : (end.error?.code ?? end.error?.type ?? end.how);
  return [
    {
      at: at + shift,
      ...(on !== undefined && { on }),
      ...(sentAt !== undefined && { us: at - sentAt }),
      ...(status !== undefined && { status }),
      ...(early !== undefined && { error: early }),
    },
  ];
}
