/** Edits the events of a Responses stream: those of items that stay stay, those of new items are made, and all are numbered anew. */
import type { Edit, WireEvent } from '../answer-shape.ts';
import type { EditedBlock } from '../edited-blocks.ts';
import { fragments, said, segmentsOf, withMembers } from '../edited-parts.ts';
import { fields, items, number, text, type Fields } from '../fields.ts';
import { editItems, withItems } from './responses-edit-items.ts';
import { ResponsesFolder } from './responses-stream.ts';

const CLOSING = /^response\.(?:completed|incomplete|failed|cancelled)$/;
const isClosing = (json: Fields): boolean => CLOSING.test(text(json['type']) ?? '');

/** The events of an item that is new, and a text or a call. */
function itemEvents(item: Fields, output_index: number): WireEvent[] {
  const event = (type: string, members: Fields): WireEvent => said({ type: `response.${type}`, output_index, ...members });
  const done = event('output_item.done', { item });
  const item_id = item['id'];
  if (item['type'] === 'message') {
    const { text: content, ...part } = fields(items(item['content'])[0]);
    const place = { item_id, content_index: 0 };
    const logprobs = part['logprobs'] === undefined ? {} : { logprobs: [] };
    return [
      event('output_item.added', { item: { ...item, status: 'in_progress', content: [] } }),
      event('content_part.added', { ...place, part: { ...part, text: '' } }),
      ...fragments(content as string).map((delta) => event('output_text.delta', { ...place, delta, ...logprobs })),
      event('output_text.done', { ...place, text: content, ...logprobs }),
      event('content_part.done', { ...place, part: { ...part, text: content } }),
      done,
    ];
  }
  const grows = item['type'] === 'function_call' ? 'arguments' : item['type'] === 'custom_tool_call' ? 'input' : undefined;
  if (grows === undefined) return [event('output_item.added', { item: { ...item, status: 'in_progress' } }), done];
  const kind = grows === 'arguments' ? 'function_call_arguments' : 'custom_tool_call_input';
  return [
    event('output_item.added', { item: { ...item, status: 'in_progress', [grows]: '' } }),
    ...fragments(item[grows] as string).map((delta) => event(`${kind}.delta`, { item_id, delta })),
    event(`${kind}.done`, { item_id, [grows]: item[grows] }),
    done,
  ];
}

function closed(event: WireEvent, output: readonly Fields[], edit: Edit, isListed: boolean): WireEvent {
  const json = fields(event.json);
  if (!isClosing(json)) return event;
  // Some servers close with an empty output, because every item has been sent.
  const response = withItems(fields(json['response']), isListed ? output : [], edit);
  return said(
    { ...json, type: edit.reason === undefined ? json['type'] : `response.${String(response['status'])}`, response },
    event,
  );
}

/** Numbers from that of the first event on; a server that gave none gets none. */
function numbered(events: readonly WireEvent[], first: number | undefined): WireEvent[] {
  if (first === undefined) return [...events];
  let next = first;
  return events.map((event) =>
    text(fields(event.json)['type']) === undefined ? event : withMembers(event, { sequence_number: next++ }),
  );
}

/** The events of the edited answer. */
export function responseEvents(list: readonly WireEvent[], edit: Edit): WireEvent[] {
  const { head, blocks, tail } = segmentsOf(list, (json) => number(json['output_index']), isClosing);
  const recorded = itemsOf(list, [...blocks.values()]);
  const segments = blocks.size === recorded.length ? [...blocks.values()] : [];
  const edited = editItems(recorded, edit);
  const eventsOf = ({ body, from }: EditedBlock, output_index: number): WireEvent[] => {
    const segment = from === undefined ? undefined : segments[from];
    if (segment === undefined) return itemEvents(body, output_index);
    return segment.map((event) =>
      fields(event.json)['output_index'] === undefined ? event : withMembers(event, { output_index }),
    );
  };
  const closing = fields(list.map(({ json }) => fields(json)).find(isClosing)?.['response']);
  const isListed = blocks.size === 0 || items(closing['output']).length > 0;
  const output = edited.map(({ body }) => body);
  const events = [...head, ...edited.flatMap(eventsOf), ...tail.map((event) => closed(event, output, edit, isListed))];
  return numbered(
    events,
    list.map(({ json }) => number(fields(json)['sequence_number'])).find((one) => one !== undefined),
  );
}

/** The items as they were last given, in the order of their places. */
function itemsOf(list: readonly WireEvent[], segments: readonly WireEvent[][]): Fields[] {
  const folder = new ResponsesFolder();
  for (const { json } of list) folder.push(json);
  const body = items(folder.body()['output']).map(fields);
  if (body.length === segments.length) return body;
  return segments.map((segment) =>
    fields(fields(segment.findLast(({ json }) => fields(json)['item'] !== undefined)?.json)['item']),
  );
}
