/** Edited answers that are one text and a word for how it ended, at fixed places of a body and of the chunks of a stream. */
import { CannotSay, type AnswerShape, type Edit, type Origin, type WireEvent } from './answer-shape.ts';
import type { Operation } from './contract.ts';
import { endOf, fragments, refuseCalls, said, type EndWords } from './edited-parts.ts';
import { fields, type Fields } from './fields.ts';

/** Where something stands: names of members, and places in lists. */
export type Place = readonly (string | number)[];

/** Where a text and the word for its end stand. */
export interface PlainPlaces {
  text: Place;
  /** Absent where the API has no word for it. */
  end?: Place;
}

export interface PlainAnswers {
  operation: Operation;
  ends: EndWords;
  whole: PlainPlaces;
  /** Of a chunk; absent where the API has no streams. */
  chunk?: PlainPlaces;
  /** Whether a chunk is of the text that is edited, where there may be several. */
  isOf?(chunk: Fields): boolean;
  /** Whether a chunk is the one that says how the text ended; one that has a word for it, unless said. */
  isEnd?(chunk: Fields): boolean;
  /** What else of an answer, or of a chunk, must follow the text: what was said of the old one is taken out of a copy. */
  follow?(json: Fields, edit: Edit): Fields;
  empty(origin: Origin): Fields;
  /** Chunks of an answer that says nothing: at least one, and the last that is one says how it ended. */
  emptyEvents?(origin: Origin): Fields[];
  more?: Partial<AnswerShape>;
}

function at(value: unknown, place: Place): unknown {
  return place.reduce<unknown>((of, step) => (of as Record<string | number, unknown> | undefined | null)?.[step], value);
}

/** A copy of `value` with `given` at the place. */
function put(value: unknown, [step, ...rest]: Place, given: unknown): unknown {
  if (step === undefined) return given;
  if (typeof step === 'number') {
    const list = Array.isArray(value) ? [...(value as unknown[])] : [];
    list[step] = put(list[step], rest, given);
    return list;
  }
  return { ...fields(value), [step]: put(fields(value)[step], rest, given) };
}

class PlainEdit {
  readonly #edit: Edit;
  readonly #answers: PlainAnswers;

  constructor(edit: Edit, answers: PlainAnswers) {
    this.#edit = edit;
    this.#answers = answers;
    refuseCalls(edit);
  }

  whole(body: Fields): Fields {
    const { whole } = this.#answers;
    if (typeof at(body, whole.text) !== 'string') throw new CannotSay('the recorded answer has no text that could be edited');
    return this.#written(body, whole, this.#edit.text);
  }

  #written(json: Fields, places: PlainPlaces, text: string | undefined): Fields {
    let out: unknown = json;
    if (text !== undefined) out = put(out, places.text, text);
    const before = places.end === undefined ? undefined : at(json, places.end);
    const end = endOf(this.#edit, this.#answers.ends, typeof before === 'string' ? before : undefined);
    if (places.end !== undefined && end !== undefined && end !== before) out = put(out, places.end, end);
    return this.#answers.follow?.(fields(out), this.#edit) ?? fields(out);
  }

  /** The text goes where it was: before the chunk that says how it ended. */
  events(events: readonly WireEvent[], places: PlainPlaces): WireEvent[] {
    const { text } = this.#edit;
    const isOf = ({ json }: WireEvent): boolean =>
      typeof json === 'object' && json !== null && (this.#answers.isOf?.(fields(json)) ?? true);
    const saysEnd = (chunk: Fields): boolean => places.end !== undefined && Boolean(at(chunk, places.end));
    const isEnd = (event: WireEvent): boolean => isOf(event) && (this.#answers.isEnd ?? saysEnd)(fields(event.json));
    const isText = (event: WireEvent): boolean => isOf(event) && typeof at(event.json, places.text) === 'string';
    const texts = events.filter((event) => isText(event) && !isEnd(event));
    const first = events.findIndex((event) => isText(event) || isEnd(event));
    const template = this.#template(texts[0] ?? events.find(isText), places);
    const pieces = fragments(text ?? '').map((piece) => said(put(template, places.text, piece), texts[0]));
    return events.flatMap((event, index): WireEvent[] => {
      const here = index === first ? pieces : [];
      if (isEnd(event)) {
        const left = text !== undefined && isText(event) ? '' : undefined;
        return [...here, said(this.#written(fields(event.json), places, left), event)];
      }
      const goes = text !== undefined && isText(event);
      return [...here, ...(goes ? [] : [this.#followed(event)])];
    });
  }

  #followed(event: WireEvent): WireEvent {
    const json = fields(event.json);
    const followed = this.#answers.follow?.(json, this.#edit) ?? json;
    return followed === json ? event : said(followed, event);
  }

  #template(event: WireEvent | undefined, places: PlainPlaces): unknown {
    const json =
      event?.json ?? this.#answers.emptyEvents?.(this.#edit.origin).find((one) => typeof at(one, places.text) === 'string');
    if (json === undefined) throw new CannotSay('the recorded stream has no text that could be edited');
    const followed = this.#answers.follow?.(fields(json), this.#edit) ?? json;
    return places.end === undefined || !at(followed, places.end) ? followed : put(followed, places.end, null);
  }
}

/** The answers of such an API. */
export function plainShape(answers: PlainAnswers): AnswerShape {
  const { operation, chunk, empty, emptyEvents, more } = answers;
  return {
    operation,
    whole: (body, edit) => new PlainEdit(edit, answers).whole(body),
    ...(chunk && { events: (events, edit) => new PlainEdit(edit, answers).events(events, chunk) }),
    empty,
    ...(emptyEvents && { emptyEvents }),
    ...more,
  };
}
