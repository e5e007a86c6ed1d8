/** Brings every text that was said, of what is about to leave, to the app's redactor. What is not said (codes, ids, names from code, the words of the message schema) stays. */
import { refusePromise } from '../core/stray-promise.ts';
import { reportFault } from '../core/diagnostics.ts';
import type { InputMessage, MessageContent, MessagePart, ToolDefinition } from '../events/content.ts';
import type { SessionLine } from '../events/lines.ts';
import type { Note, SpanEvent } from '../events/model.ts';
import type { Redactor } from './extension.ts';

/** What is sent of a text that the redactor threw at. */
const REDACTED = '<redacted>';
/** Deeper than this nothing is looked at, and nothing is sent. */
const DEPTH_MAX = 100;
/** Members of a message and its parts that are words of the schema or ids. */
const SCHEMA_WORDS = new Set(['type', 'role', 'id', 'finish_reason', 'modality', 'mime_type']);

/** Redacts copies; what it is given stays as it is. */
export class Redaction {
  readonly #redactor: Redactor;

  constructor(redactor: Redactor) {
    this.#redactor = redactor;
  }

  event(event: SpanEvent): SpanEvent {
    const { notes, content, attributes } = event;
    return {
      ...event,
      ...(notes === undefined ? undefined : { notes: notes.map((note) => this.#note(note)) }),
      ...(content === undefined
        ? undefined
        : {
            content: members(content, (name, value) =>
              name === 'error' ? this.#named(value as object, name) : this.#deep(value, name),
            ),
          }),
      ...(attributes === undefined
        ? undefined
        : { attributes: members(attributes, (name, value) => this.#deep(value, `attributes.${name}`)) }),
    };
  }

  header(header: SessionLine): SessionLine {
    const { tags, metadata, links } = header;
    return {
      ...header,
      ...(tags === undefined ? undefined : { tags: tags.map((tag) => this.#text(tag, 'tags')) }),
      ...(metadata === undefined ? undefined : { metadata: this.#named(metadata, 'metadata') }),
      ...(links === undefined ? undefined : { links: links.map((link) => this.#named(link, 'links')) }),
    };
  }

  messages({ system, input, output, tools }: MessageContent): MessageContent {
    return {
      ...(system === undefined ? undefined : { system: system.map((part) => this.#part(part, 'messages.system')) }),
      ...(input === undefined ? undefined : { input: input.map((message) => this.#message(message, 'messages.input')) }),
      ...(output === undefined ? undefined : { output: output.map((message) => this.#message(message, 'messages.output')) }),
      ...(tools === undefined ? undefined : { tools: tools.map((tool) => this.#tool(tool)) }),
    };
  }

  #text(said: string, place: string): string {
    try {
      const left: unknown = refusePromise<unknown>(this.#redactor(said, place), 'the redactor');
      if (typeof left === 'string') return left;
      throw new TypeError('the redactor returned no text');
    } catch (error) {
      reportFault('export.redactor', error);
      return REDACTED;
    }
  }

  /** Data of the app's or a model's own. Names of members may be what was said, too, unless they are `plainNames`. */
  #deep(value: unknown, place: string, plainNames = false, depth = 0): unknown {
    if (typeof value === 'string') return this.#text(value, place);
    if (typeof value !== 'object' || value === null) return value;
    if (depth >= DEPTH_MAX) return REDACTED;
    if (Array.isArray(value)) return value.map((one) => this.#deep(one, place, plainNames, depth + 1));
    return Object.fromEntries(
      Object.entries(value).map(([name, one]) => [
        plainNames ? name : this.#text(name, place),
        this.#deep(one, place, plainNames, depth + 1),
      ]),
    );
  }

  /** An object whose members have names from code. */
  #named<T extends object>(value: T, place: string): T {
    return members(value, (_, one) => this.#deep(one, place));
  }

  #part(part: MessagePart, place: string): MessagePart {
    const isTool = part.type.startsWith('tool');
    return members(part, (name, value) =>
      SCHEMA_WORDS.has(name) || (name === 'name' && isTool) ? value : this.#deep(value, place),
    );
  }

  #message<M extends InputMessage>(message: M, place: string): M {
    const parts = message.parts.map((part) => this.#part(part, place));
    return { ...message, parts, ...(message.name === undefined ? undefined : { name: this.#text(message.name, place) }) };
  }

  #tool(tool: ToolDefinition): ToolDefinition {
    const { description, parameters } = tool;
    return {
      ...tool,
      ...(description === undefined ? undefined : { description: this.#text(description, 'tools') }),
      ...(parameters === undefined ? undefined : { parameters: this.#deep(parameters, 'tools', true) }),
    };
  }

  #note(note: Note): Note {
    if (note.kind === 'signal' || note.content === undefined) return note;
    return { ...note, content: this.#named(note.content, note.kind) } as Note;
  }
}

/** A copy of an object with other values. */
function members<T extends object>(from: T, change: (name: string, value: unknown) => unknown): T {
  return Object.fromEntries(Object.entries(from).map(([name, value]: [string, unknown]) => [name, change(name, value)])) as T;
}
