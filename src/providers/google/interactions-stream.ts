/** Folds the events of a streamed interaction to the interaction that a plain call gives. */
import { copy, fields, items, number, parseJson, text, type Fields } from '../fields.ts';
import type { ChunkFolder } from '../operation.ts';

/** More steps, and pieces of one, than any answer has; what a broken stream sends beyond is left out. */
const STEPS_MAX = 4096;
const PIECES_MAX = 10_000;

interface Step {
  index: number;
  body: Fields;
  /** JSON text of a call's arguments. */
  json: string;
}

/** Puts a content at the end of a list of them; texts in a row are one. */
function append(list: unknown[], given: Fields): void {
  const last = fields(list.at(-1));
  if (given['type'] === 'text' && last['type'] === 'text')
    last['text'] = `${text(last['text']) ?? ''}${text(given['text']) ?? ''}`;
  else if (list.length < PIECES_MAX) list.push(given);
}

const listIn = (body: Fields, member: string): unknown[] => {
  if (!Array.isArray(body[member])) body[member] = [];
  return body[member] as unknown[];
};

/** One stream of interactions: of steps, or of contents as the first version had them. */
export class InteractionFolder implements ChunkFolder {
  #interaction: Fields = {};
  #error: unknown = undefined;
  #closed = false;
  #stepped = true;
  readonly #steps: Step[] = [];

  push(value: unknown): void {
    const event = fields(value);
    switch (event['event_type']) {
      case 'step.delta':
      case 'content.delta':
        this.#grow(event);
        return;
      case 'step.start':
      case 'content.start':
        this.#start(event);
        return;
      case 'interaction.status_update':
        this.#interaction['status'] = text(event['status']) ?? this.#interaction['status'];
        return;
      case 'error':
        this.#error = copy(event['error']) ?? {};
        return;
      default:
        if (event['interaction'] !== undefined) this.#renew(event);
        if (event['error']) this.#error = copy(event['error']);
    }
  }

  /** The interaction, as it is when it begins and when it has ended; the last one often leaves out the steps. */
  #renew(event: Fields): void {
    const given = fields(copy(event['interaction']));
    for (const key of Object.keys(given)) if (given[key] !== null) this.#interaction[key] = given[key];
    if (/^interaction\.(?:complete|completed|failed|cancelled)$/.test(text(event['event_type']) ?? '')) this.#closed = true;
  }

  #start(event: Fields): void {
    const step = this.#stepAt(event);
    if (step === undefined) return;
    this.#stepped = event['event_type'] === 'step.start';
    step.body = { ...fields(copy(event['step'] ?? event['content'])) };
  }

  #stepAt(event: Fields): Step | undefined {
    const index = number(event['index']) ?? 0;
    const known = this.#steps.findLast((step) => step.index === index);
    if (known !== undefined || this.#steps.length === STEPS_MAX) return known;
    const made: Step = { index, body: {}, json: '' };
    this.#steps.push(made);
    return made;
  }

  #grow(event: Fields): void {
    const step = this.#stepAt(event);
    const delta = fields(copy(event['delta']));
    if (step === undefined) return;
    const { body } = step;
    switch (delta['type']) {
      case 'thought_signature':
        body['signature'] = delta['signature'];
        return;
      case 'thought_summary':
        append(listIn(body, 'summary'), fields(delta['content']));
        return;
      case 'text_annotation':
        return;
      case 'arguments_delta':
        step.json += text(delta['arguments']) ?? text(delta['partial_arguments']) ?? '';
        return;
      default:
        if (body['type'] === 'model_output') append(listIn(body, 'content'), delta);
        else if (body['type'] === 'text' && delta['type'] === 'text')
          body['text'] = `${text(body['text']) ?? ''}${text(delta['text']) ?? ''}`;
        else Object.assign(body, delta);
    }
  }

  body(): Fields {
    const steps = this.#steps
      .toSorted((a, b) => a.index - b.index)
      .map(({ body, json }) => (json === '' ? body : { ...body, arguments: parseJson(json) ?? json }));
    const whole = items(this.#interaction['steps'] ?? this.#interaction['outputs']).length > 0;
    return {
      ...this.#interaction,
      ...(!whole && steps.length > 0 && { [this.#stepped ? 'steps' : 'outputs']: steps }),
      ...(this.#error !== undefined && { error: this.#error }),
    };
  }

  closed(): boolean {
    return this.#closed;
  }
}
