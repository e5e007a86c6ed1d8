/** What happened inside an event, as span events: attempts that had to be repeated, and notes (decisions, failures, signals). */
import { boundedText } from './bounded-json.ts';
import type { Names } from './genai-names.ts';
import type { SessionLine } from './lines.ts';
import type { Note, SpanEvent } from './model.ts';
import { codeOf, idOf } from './safe-words.ts';
import { AttributeList, timeNs, type WireSpanEvent } from './wire-span.ts';

/** Span events of one span, of either kind; a retry loop or a loop of notes that went wild does not make a span that no backend takes. */
const EVENTS_MAX = 128;
const TEXT_CHARS_MAX = 8_192;

/** One `hindcast.retry` for each attempt after the first, at the moment it was sent, saying what had become of the one before. */
export function retryEvents(event: SpanEvent, header: SessionLine, names: Names): WireSpanEvent[] {
  const attempts = event.attempts ?? [];
  const events: WireSpanEvent[] = [];
  for (let index = 1; index < attempts.length && events.length < EVENTS_MAX; index++) {
    const failed = attempts[index - 1];
    const next = attempts[index];
    if (failed === undefined || next === undefined) break;
    const list = new AttributeList();
    list.int(names.retryAttempt, index + 1);
    list.int(names.httpStatus, failed.status);
    list.string(names.errorType, codeOf(failed.error) ?? (failed.status === undefined ? undefined : String(failed.status)));
    list.double(names.retryFailedMs, failed.us / 1000);
    list.double(names.retryDelayMs, Math.max(0, next.at - failed.at - failed.us) / 1000);
    list.double(names.retryAfterMs, failed.retryAfterMs);
    events.push({ name: 'hindcast.retry', timeNs: timeNs(header, next.at), attributes: list.items });
  }
  return events;
}

function addNote(list: AttributeList, note: Note, names: Names, withContent: boolean): void {
  if (note.kind === 'decision') {
    list.string(names.decisionType, codeOf(note.type));
    list.string(names.decisionReason, codeOf(note.reasonCode));
    list.double(names.decisionConfidence, note.confidence);
    if (withContent && note.content?.selected !== undefined) {
      list.string(names.decisionSelected, boundedText(note.content.selected, TEXT_CHARS_MAX));
    }
    if (withContent) list.strings(names.decisionCandidates, note.content?.candidates?.slice(0, EVENTS_MAX));
  } else if (note.kind === 'failure') {
    list.string(names.failureType, codeOf(note.type));
    list.string(names.failureCode, codeOf(note.code));
    list.string(names.failureStep, idOf(note.step));
    list.bool(names.failureAuto, note.auto);
    if (withContent && note.content?.message !== undefined) {
      list.string(names.failureMessage, boundedText(note.content.message, TEXT_CHARS_MAX));
    }
  } else {
    list.string(names.signalType, codeOf(note.type));
    list.string(names.signalCode, codeOf(note.code));
    list.bool(names.signalValue, note.value);
    list.double(names.signalWeight, note.weight);
  }
  list.bool(names.unknownCode, note.unknownCode);
}

/** One `hindcast.decision`, `hindcast.failure` or `hindcast.signal` for each note. */
export function noteEvents(event: SpanEvent, header: SessionLine, names: Names, withContent: boolean): WireSpanEvent[] {
  const kinds = new Set(['decision', 'failure', 'signal']);
  return (event.notes ?? [])
    .filter((note) => kinds.has(note.kind))
    .slice(0, EVENTS_MAX)
    .map((note) => {
      const list = new AttributeList();
      addNote(list, note, names, withContent);
      return { name: `hindcast.${note.kind}`, timeNs: timeNs(header, note.at), attributes: list.items };
    });
}
