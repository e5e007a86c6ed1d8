/** What leaves of a recorded event: after the app's processors and its redactor, with content only where it was asked for. Fails closed: code that throws lets nothing out that was said. */
import { refusePromise } from '../core/stray-promise.ts';
import { reportFault } from '../core/diagnostics.ts';
import { contentFree, contentFreeHeader } from '../events/content-free.ts';
import type { MessageContent } from '../events/content.ts';
import type { SessionLine } from '../events/lines.ts';
import type { SpanEvent } from '../events/model.ts';
import type { ExportItem } from '../events/ports.ts';
import { messageContent, withBodies } from '../providers/decode.ts';
import { unrecorded } from '../session/scope.ts';
import type { EventProcessor, OwnCode } from './extension.ts';
import { Redaction } from './redaction.ts';

/** `content` is there, even if empty, where content may leave. */
export interface Outgoing {
  header: SessionLine;
  event: SpanEvent;
  content?: MessageContent;
}

/** Null: a processor wants it not to be sent. */
export function outgoing(item: ExportItem, withContent: boolean, { processors, redactor }: OwnCode): Outgoing | null {
  const { header, event, bodies } = item;
  if (processors.length === 0 && redactor === undefined) {
    return withContent ? { header, event, content: messageContent(event, bodies ?? {}) } : { header, event };
  }
  return unrecorded.run(true, () => {
    const whole = withContent && bodies !== undefined ? withBodies(event, bodies) : event;
    const processed = processors.length === 0 ? whole : process(whole, header, processors);
    if (processed === null) return null;
    if (processed === undefined) return { header: contentFreeHeader(header), event: contentFree(event) };
    if (!withContent) return { header, event: contentFree(processed) };
    const content = messageContent(processed, {});
    if (redactor === undefined) return { header, event: processed, content };
    const redaction = new Redaction(redactor);
    const left = withoutBodies(processed, content);
    return { header: redaction.header(header), event: redaction.event(left), content: redaction.messages(content) };
  });
}

/** What the processors make of a copy; undefined when one of them threw. */
function process(event: SpanEvent, header: SessionLine, processors: readonly EventProcessor[]): SpanEvent | null | undefined {
  try {
    let left = structuredClone(event);
    const session = structuredClone(header);
    for (const processor of processors) {
      const said: unknown = refusePromise<unknown>(processor(left, session), 'a processor');
      if (said === null) return null;
      if (said === undefined) continue;
      if (!isEvent(said)) throw new TypeError('the processor returned no event');
      left = said;
    }
    // Who it is and where it hangs is not for processors to change: a backend could not put it together, and the queue could not acknowledge it.
    return { ...left, id: event.id, trace: event.trace };
  } catch (error) {
    reportFault('export.processor', error);
    return undefined;
  }
}

function isEvent(value: unknown): value is SpanEvent {
  const { type, name, start, end, status } = (value ?? {}) as Partial<Record<keyof SpanEvent, unknown>>;
  return (
    typeof type === 'string' &&
    typeof name === 'string' &&
    typeof status === 'string' &&
    Number.isFinite(start) &&
    Number.isFinite(end)
  );
}

/** An event without the bodies that its messages were read from: what leaves of them is the messages. */
export function withoutBodies(event: SpanEvent, messages: MessageContent | undefined): SpanEvent {
  if (event.content === undefined || messages === undefined || Object.keys(messages).length === 0) return event;
  const { request: _request, response: _response, ...content } = event.content;
  return { ...event, content };
}
