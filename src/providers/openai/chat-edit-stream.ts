/** Edits the chunks of a chat completion stream: what the first choice said is taken out of them, and what it is to say is put in at its place, in chunks of the same form. */
import { CannotSay, type Edit, type WireEvent } from '../answer-shape.ts';
import {
  callBody,
  contentOf,
  endMembers,
  firstChoice,
  inOldForm,
  oldCall,
  SOUND,
  withoutLogprobs,
  type ChatDialect,
} from './chat-edit-parts.ts';
import { fragments, said } from '../edited-parts.ts';
import { fields, items, type Fields } from '../fields.ts';

/** A chunk after what is edited was taken out. */
interface Stripped {
  event: WireEvent;
  /** Nothing is left in it. */
  isEmpty: boolean;
  hadText: boolean;
  hadCalls: boolean;
  isEnd: boolean;
  hasRole: boolean;
  /** It is one of the first choice. */
  isChoice: boolean;
}

const saysText = (content: unknown): boolean =>
  Array.isArray(content)
    ? content.some((part) => fields(part)['text'] !== undefined)
    : typeof content === 'string' && content !== '';

export class ChatStreamEdit {
  readonly #edit: Edit;
  readonly #dialect: ChatDialect;
  /** The chunk that new ones are made after. */
  #template: Fields = {};
  #oldForm = false;
  #fragments = 0;

  constructor(edit: Edit, dialect: ChatDialect) {
    this.#edit = edit;
    this.#dialect = dialect;
  }

  edit(events: readonly WireEvent[]): WireEvent[] {
    this.#look(events);
    const stripped = events.map((event) => this.#strip(event));
    const end = this.#endPlace(stripped);
    const callPlace = placeOf(stripped, ({ hadCalls }) => hadCalls) ?? end;
    const textPlace = placeOf(stripped, ({ hadText }) => hadText) ?? callPlace;
    const put = new Map<number, Fields[]>();
    if (this.#edit.text !== undefined) put.set(textPlace, this.#textDeltas(this.#edit.text));
    if (this.#edit.calls !== undefined) put.set(callPlace, [...(put.get(callPlace) ?? []), ...this.#callDeltas()]);
    return this.#joined(stripped, put);
  }

  #look(events: readonly WireEvent[]): void {
    for (const { json } of events) {
      const chunk = fields(json);
      const choice = fields(items(chunk['choices'])[firstChoice(items(chunk['choices']))]);
      const delta = fields(choice['delta']);
      if (this.#template['choices'] === undefined && choice['delta'] !== undefined) this.#template = chunk;
      if (delta['audio'] && this.#edit.text !== undefined) throw new CannotSay(SOUND);
      if (delta['function_call']) this.#oldForm = true;
      this.#fragments += items(delta['tool_calls']).length;
    }
    this.#oldForm ||= inOldForm(this.#edit, {});
  }

  #strip(event: WireEvent): Stripped {
    const chunk = fields(event.json);
    const choices = items(chunk['choices']);
    const first = firstChoice(choices);
    const choice = fields(choices[first]);
    const delta = fields(choice['delta']);
    const nothing = {
      event,
      isEmpty: false,
      hadText: false,
      hadCalls: false,
      isEnd: false,
      hasRole: false,
      isChoice: first >= 0,
    };
    if (first < 0) return nothing;
    const rest = this.#rest(delta);
    const isEnd = typeof choice['finish_reason'] === 'string' && choice['finish_reason'] !== '';
    const before = this.#oldForm ? { function_call: true } : {};
    const edited: Fields = {
      ...choice,
      delta: rest,
      ...withoutLogprobs(choice),
      ...(isEnd && endMembers(this.#edit, choice, before, this.#dialect.ends)),
      ...this.#soFar(choice, isEnd ? (this.#edit.text ?? '') : ''),
    };
    const hadText = this.#edit.text !== undefined && (saysText(delta['content']) || saysText(delta['refusal']));
    const hadCalls = this.#edit.calls !== undefined && (Boolean(delta['tool_calls']) || Boolean(delta['function_call']));
    const hasRole = typeof rest['role'] === 'string' && rest['role'] !== '';
    const isBare = Object.entries(rest).every(([name, value]) => name === 'role' || value === '' || value === null);
    const isChanged = hadText || hadCalls;
    return {
      event: isChanged || isEnd || choice['logprobs'] ? said({ ...chunk, choices: choices.with(first, edited) }, event) : event,
      isEmpty: isChanged && !isEnd && isBare && !hasRole && choices.length === 1 && !chunk['usage'],
      hadText,
      hadCalls,
      isEnd,
      hasRole,
      isChoice: true,
    };
  }

  /** A delta without what is edited; where it had a text, an empty one. */
  #rest(delta: Fields): Fields {
    const rest = { ...delta };
    if (this.#edit.text !== undefined) {
      if (typeof delta['content'] === 'string') rest['content'] = '';
      if (Array.isArray(delta['content'])) {
        rest['content'] = contentOf(delta['content'], '');
        if (items(rest['content']).length === 0) rest['content'] = '';
      }
      if (typeof delta['refusal'] === 'string') rest['refusal'] = null;
      delete rest['annotations'];
    }
    if (this.#edit.calls !== undefined) {
      delete rest['tool_calls'];
      delete rest['function_call'];
    }
    return rest;
  }

  /** Perplexity gives all that was said so far in each chunk. */
  #soFar(choice: Fields, text: string): Fields {
    if (this.#edit.text === undefined || choice['message'] === undefined) return {};
    return { message: { ...fields(choice['message']), content: text } };
  }

  /** Where the answer ends: new chunks stand before that. A stream that says no reason is given one where there is one to give. */
  #endPlace(stripped: Stripped[]): number {
    const end = stripped.findIndex(({ isEnd }) => isEnd);
    if (end >= 0) return end;
    const place = stripped.findLastIndex(({ isChoice }) => isChoice) + 1;
    const before = this.#oldForm ? { function_call: true } : {};
    const members = endMembers(this.#edit, {}, before, this.#dialect.ends);
    const event = said(this.#chunk({}, members));
    const isEmpty = Object.keys(members).length === 0;
    stripped.splice(place, 0, { event, isEmpty, hadText: false, hadCalls: false, isEnd: true, hasRole: false, isChoice: true });
    return place;
  }

  #textDeltas(text: string): Fields[] {
    return fragments(text).map((content) => ({ content }));
  }

  #callDeltas(): Fields[] {
    const { calls = [], was } = this.#edit;
    if (this.#oldForm) {
      const call = oldCall(this.#edit);
      if (call === undefined) return [];
      const pieces = fragments(call['arguments'] as string).map((piece) => ({ function_call: { arguments: piece } }));
      return [{ function_call: { name: call['name'], arguments: '' } }, ...pieces];
    }
    const whole = was.calls.length > 0 && this.#fragments > 0 ? this.#fragments <= was.calls.length : this.#dialect.wholeCalls;
    return calls.flatMap((call, index): Fields[] => {
      const body = callBody(this.#edit, call, index, this.#dialect.callIds);
      if (whole) return [{ tool_calls: [{ index, ...body }] }];
      const [kind, text] = body['type'] === 'custom' ? (['custom', 'input'] as const) : (['function', 'arguments'] as const);
      const inner = fields(body[kind]);
      const pieces = fragments(inner[text] as string).map((piece) => ({ tool_calls: [{ index, [kind]: { [text]: piece } }] }));
      return [{ tool_calls: [{ index, ...body, [kind]: { ...inner, [text]: '' } }] }, ...pieces];
    });
  }

  #chunk(delta: Fields, members: Fields = {}): Fields {
    const { usage, obfuscation: _, p: __, x_groq: ___, ...head } = this.#template;
    const choice = fields(items(head['choices'])[firstChoice(items(head['choices']))]);
    const { finish_reason, native_finish_reason, ...rest } = choice;
    const ends = {
      ...(finish_reason !== undefined && { finish_reason: null }),
      ...(native_finish_reason !== undefined && { native_finish_reason: null }),
    };
    return {
      ...head,
      choices: [{ ...rest, ...withoutLogprobs(choice), delta, ...ends, ...members }],
      ...(usage !== undefined && { usage: null }),
    };
  }

  #joined(stripped: readonly Stripped[], put: ReadonlyMap<number, readonly Fields[]>): WireEvent[] {
    const out: WireEvent[] = [];
    let hasRole = false;
    let soFar = '';
    const add = (deltas: readonly Fields[]): void => {
      for (const delta of deltas) {
        const given = hasRole ? delta : { role: 'assistant', ...delta };
        hasRole = true;
        soFar += typeof delta['content'] === 'string' ? delta['content'] : '';
        const choice = fields(items(this.#template['choices'])[0]);
        out.push(said(this.#chunk(given, this.#soFar(choice, soFar))));
      }
    };
    for (const [place, { event, isEmpty, isEnd, hasRole: role }] of stripped.entries()) {
      const isHead = role && !isEnd;
      if (!isHead) add(put.get(place) ?? []);
      if (!isEmpty) out.push(event);
      hasRole ||= role;
      if (isHead) add(put.get(place) ?? []);
    }
    return out;
  }
}

function placeOf(stripped: readonly Stripped[], is: (one: Stripped) => boolean): number | undefined {
  const place = stripped.findIndex(is);
  return place < 0 ? undefined : place;
}
