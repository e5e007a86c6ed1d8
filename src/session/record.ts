/** `record`: an event that has already happened, as the app tells of it. */
import { guard } from '../core/diagnostics.ts';
import { hub } from '../events/ports.ts';
import type { CustomEvent, EventInput } from './event-input.ts';
import { readEvent } from './event-reading.ts';

/**
 * Records one thing that has already happened, in the session, the run and the event that the code is in. Returns the id of the event, 16 hex digits; undefined when nothing is recorded.
 * What is wrong in `event` is repaired, or left out, and said once. Never throws.
 */
export function record<const T extends string = never>(event: EventInput | CustomEvent<T>): string | undefined {
  const { recorder } = hub;
  if (recorder === null) return undefined;
  return guard(
    'session.record',
    () => {
      const { start, outcome } = readEvent(event);
      const opened = recorder.open(start);
      opened?.end(outcome);
      return opened?.id;
    },
    undefined,
  );
}
