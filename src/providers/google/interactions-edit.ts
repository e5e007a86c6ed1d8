/** Edited answers of Gemini's interactions API: of steps, or of outputs as the first version had them. Thoughts and what Google's own tools did stay. */
import type { AnswerShape, Edit, Origin, WireEvent } from '../answer-shape.ts';
import { editBlocks, type BlockKinds, type EditedBlock } from '../edited-blocks.ts';
import {
  argumentsText,
  argumentsValue,
  callId,
  endOf,
  fragments,
  madeId,
  said,
  segmentsOf,
  withMembers,
  type EndWords,
} from '../edited-parts.ts';
import { fields, items, number, present, text, type Fields } from '../fields.ts';
import { interactions } from './interactions.ts';
import { stepsOf } from './interactions-content.ts';
import { InteractionFolder } from './interactions-stream.ts';

const ENDS: EndWords = { stop: 'completed', length: 'incomplete', tool_call: 'requires_action', content_filter: 'failed' };
const CALL_IDS = { prefix: '', length: 16 };

function kindsOf(edit: Edit, stepped: boolean): BlockKinds {
  return {
    isText: (step) => step['type'] === 'text' || step['type'] === 'model_output',
    callOf: (step) =>
      step['type'] === 'function_call'
        ? { name: text(step['name']) ?? '', arguments: step['arguments'], ...present({ id: text(step['id']) }) }
        : undefined,
    text: (content, before) => {
      const part = { type: 'text', text: content };
      if (!stepped) return part;
      const others = items(before?.['content']).filter((one) => fields(one)['type'] !== 'text');
      return { type: 'model_output', content: [part, ...others] };
    },
    call: (call, index, before) => ({
      type: 'function_call',
      id: callId(edit, index, CALL_IDS),
      name: call.name,
      arguments: argumentsValue(call.arguments),
      ...present({ signature: before?.['signature'] }),
    }),
  };
}

/** What the model said lies in `steps`, or, in the first version, in `outputs`. */
const isStepped = (body: Fields): boolean => body['outputs'] === undefined;

function endMembers(edit: Edit, before: Fields): Fields {
  return present({ status: endOf(edit, ENDS, text(before['status'])) });
}

function whole(body: Fields, edit: Edit): Fields {
  const stepped = isStepped(body);
  const steps = editBlocks(stepsOf(body), edit, kindsOf(edit, stepped)).map((step) => step.body);
  return { ...body, [stepped ? 'steps' : 'outputs']: steps, ...endMembers(edit, body) };
}

/** The events of a step that is new. */
function stepEvents(step: Fields, index: number, stepped: boolean): WireEvent[] {
  const kind = stepped ? 'step' : 'content';
  const event = (type: string, members: Fields): WireEvent => said({ index, ...members, event_type: `${kind}.${type}` });
  const delta = (given: Fields): WireEvent => event('delta', { delta: given });
  const stop = event('stop', {});
  const { type } = step;
  if (type === 'function_call') {
    const { arguments: given, ...call } = step;
    if (!stepped) return [event('start', { content: { type } }), delta({ ...step }), stop];
    const deltas = fragments(argumentsText(given)).map((piece) => delta({ type: 'arguments_delta', arguments: piece }));
    return [event('start', { step: { ...call, arguments: {} } }), ...deltas, stop];
  }
  const contents = stepped ? items(step['content']).map(fields) : [step];
  const deltas = contents.flatMap((content) =>
    content['type'] === 'text'
      ? fragments(content['text'] as string).map((piece) => delta({ type: 'text', text: piece }))
      : [delta(content)],
  );
  return [event('start', { [kind]: { type } }), ...deltas, stop];
}

const CLOSING = /^interaction\.(?:complete|completed|failed|cancelled)$/;
const isClosing = (json: Fields): boolean => CLOSING.test(text(json['event_type']) ?? '');
const isStepEvent = (json: Fields): boolean => /^(?:step|content)\./.test(text(json['event_type']) ?? '');

function events(list: readonly WireEvent[], edit: Edit): WireEvent[] {
  const folder = new InteractionFolder();
  for (const { json } of list) folder.push(json);
  const body = folder.body();
  const stepped = !list.some(({ json }) => /^(?:content\.|interaction\.start$)/.test(text(fields(json)['event_type']) ?? ''));
  const { head, blocks, tail } = segmentsOf(
    list,
    (json) => (isStepEvent(json) ? (number(json['index']) ?? 0) : undefined),
    isClosing,
  );
  const segments = [...blocks.values()];
  const edited = editBlocks(stepsOf(body), edit, kindsOf(edit, stepped));
  const eventsOf = ({ body: step, from }: EditedBlock, index: number): WireEvent[] => {
    const segment = from === undefined ? undefined : segments[from];
    if (segment === undefined) return stepEvents(step, index, stepped);
    return segment.map((event) => (isStepEvent(fields(event.json)) ? withMembers(event, { index }) : event));
  };
  const steps = edited.map((step) => step.body);
  return [...head, ...edited.flatMap(eventsOf), ...tail.map((event) => closed(event, steps, edit))];
}

/** The interaction often leaves out the steps when it ends, as all have been sent. */
function closed(event: WireEvent, steps: readonly Fields[], edit: Edit): WireEvent {
  const json = fields(event.json);
  if (json['event_type'] === 'interaction.status_update' && json['status'] !== 'in_progress') {
    return withMembers(event, endMembers(edit, json));
  }
  if (!isClosing(json)) return event;
  const interaction = fields(json['interaction']);
  const listed = ['steps', 'outputs'].find((name) => items(interaction[name]).length > 0);
  const given = listed === undefined ? {} : { [listed]: steps };
  return said({ ...json, interaction: { ...interaction, ...given, ...endMembers(edit, interaction) } }, event);
}

const NO_TOKENS = { total_input_tokens: 0, total_output_tokens: 0, total_tokens: 0 };

/** The first version of the SDK knows of no steps. */
const isFirst = ({ header }: Origin): boolean => /google-genai-sdk\/1\./.test(header('x-goog-api-client') ?? '');

function head(origin: Origin): Fields {
  const date = new Date(origin.seconds * 1000).toISOString();
  const id = origin.id ?? madeId(origin, { prefix: 'v1_', length: 64 });
  return { id, object: 'interaction', status: 'completed', model: origin.model, created: date, updated: date };
}

const empty = (origin: Origin): Fields => ({ ...head(origin), [isFirst(origin) ? 'outputs' : 'steps']: [], usage: NO_TOKENS });

function emptyEvents(origin: Origin): Fields[] {
  const [begun, over] = isFirst(origin) ? ['start', 'complete'] : ['created', 'completed'];
  return [
    { interaction: { ...head(origin), status: 'in_progress' }, event_type: `interaction.${begun}` },
    { interaction: { ...head(origin), usage: NO_TOKENS }, event_type: `interaction.${over}` },
  ];
}

/** `POST /interactions`. */
export const interactionsShape: AnswerShape = {
  operation: interactions,
  whole,
  events,
  empty,
  emptyEvents,
  nameOf: (json) => text(json['event_type']),
};
