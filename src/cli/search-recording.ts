/** Looks for text in one recording, line by line: in memory are the hits and, of each event, its place in the tree. */
import { createContext, Script } from 'node:vm';
import { eventTexts, findIn, leaves, messageTexts, noteTexts, sessionTexts } from '../analysis/search-text.ts';
import type { Excerpt, PlacedText } from '../analysis/search-text.ts';
import type { EndLine, Line, OpenLine, SessionLine } from '../events/lines.ts';
import type { Note, SpanEvent } from '../events/model.ts';
import { ExportBodies, RequestTexts } from '../recording/export-bodies.ts';
import { readLines } from '../recording/log-reader.ts';
import { standInHeader } from '../recording/summary.ts';
import { CliFailure } from './failure.ts';
import { messagesOf } from './messages.ts';
import { buildTree, walk } from './tree.ts';

/** A hit. Without an event, it is in what is said of the session, or in what was printed outside of all events. */
export interface Hit extends Excerpt {
  where: string;
  event?: { id: string; number: number; type: string; name: string };
}

/** The texts of one thing, searched at once; null for those without a hit. */
export type Finder = (texts: readonly string[]) => (Excerpt | null)[];

/** What the texts of one turn may take an expression: some take years. */
const REGEX_MS_MAX = 5_000;
/** Texts are searched so many UTF-16 units at a turn, or this many texts: to watch over an expression costs more than most texts do. */
const TURN_UNITS = 1024 * 1024;
const TURN_TEXTS = 2_048;

/** A finder for a text, which takes no longer than reading it. */
export function plainFinder(pattern: RegExp): Finder {
  return (texts) => texts.map((text) => findIn(text, pattern) ?? null);
}

/** A finder for an expression: it is stopped when it takes too long, and the search with it. */
export function boundedFinder(pattern: RegExp): Finder {
  const plain = plainFinder(pattern);
  const sandbox = { find: (): void => {} };
  const context = createContext(sandbox);
  const script = new Script('find()');
  return (texts) => {
    let found: (Excerpt | null)[] = [];
    sandbox.find = () => {
      found = plain(texts);
    };
    try {
      script.runInContext(context, { timeout: REGEX_MS_MAX });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ERR_SCRIPT_EXECUTION_TIMEOUT') throw error;
      throw new CliFailure(`The expression took more than ${REGEX_MS_MAX / 1000} s on a million characters.`, {
        hint: 'Repetitions inside of repetitions, as in (a+)+, do that: write it simpler.',
        exitCode: 2,
        cause: error,
      });
    }
    return found;
  };
}

export interface SearchOptions {
  find: Finder;
  /** Events of this type only; `session` and `log` are what is said of the session and what was printed. */
  type?: string | undefined;
  /** Hits that are wanted of this recording. */
  limit: number;
}

/** The hits of one recording in the order of its events. */
export function searchRecording(path: string, options: SearchOptions): Hit[] {
  const search = new Search(path, options);
  for (const scanned of readLines(path)) if (scanned.ok) search.take(scanned.line);
  return search.result();
}

type Placed = PlacedText & { on?: string };
type Found = Excerpt & { where: string; on?: string };

class Search {
  readonly #path: string;
  readonly #options: SearchOptions;
  readonly #bodies: ExportBodies;
  readonly #found: Found[] = [];
  #lastHit = '';
  /** Texts that wait for their turn. */
  readonly #turn: Placed[] = [];
  #turnUnits = 0;
  /** Of messages: a conversation repeats them with each request. */
  readonly #said = new Set<string>();
  readonly #events: SpanEvent[] = [];
  readonly #open = new Map<string, OpenLine>();
  readonly #notes = new Map<string, Note[]>();
  /** Events that made a request after they had ended. */
  readonly #late = new Set<string>();
  #header: SessionLine | undefined;
  #words: Pick<EndLine, 'tags' | 'metadata' | 'links'> = {};

  constructor(path: string, options: SearchOptions) {
    this.#path = path;
    this.#options = options;
    this.#bodies = new ExportBodies(path, new RequestTexts());
  }

  take(line: Line): void {
    switch (line.k) {
      case 'session':
        this.#header ??= line;
        break;
      case 'open':
        this.#open.set(line.id, line);
        break;
      case 'note':
        this.#notes.set(line.on, [...(this.#notes.get(line.on) ?? []), line.n]);
        break;
      case 'request':
      case 'response':
      case 'data':
        this.#bodies.take(line);
        if (line.k === 'request' && line.on !== undefined && !this.#open.has(line.on)) this.#late.add(line.on);
        break;
      case 'event':
        this.#event(line.e);
        break;
      case 'log':
        if (this.#wants('log')) this.#look([{ where: line.stream, text: line.text }], line.on);
        break;
      case 'update':
      case 'end':
        this.#words = { ...this.#words, ...wordsOf(line) };
        break;
      default:
        break;
    }
  }

  result(): Hit[] {
    for (const [id, { name, type }] of this.#open)
      if (this.#wants(type)) this.#look([{ where: 'name', text: name }, ...noteTexts(this.#notes.get(id) ?? [])], id);
    for (const event of this.#events) {
      if (!this.#late.has(event.id) || !this.#wants(event.type)) continue;
      this.#look(this.#saidIn(event), event.id);
    }
    this.#search();
    const ofEvents = this.#found.splice(0);
    const header = this.#header ?? standInHeader(this.#path, undefined);
    if (this.#wants('session')) this.#look(sessionTexts(header, this.#words));
    this.#search();
    const all = [...this.#found, ...ofEvents];
    return all.length === 0 ? [] : this.#numbered(all).slice(0, this.#options.limit);
  }

  #wants(type: string): boolean {
    return this.#options.type === undefined || this.#options.type === type;
  }

  #event(event: SpanEvent): void {
    const { id, trace, parent, type, name, start, end, status, llm } = event;
    this.#open.delete(id);
    this.#notes.delete(id);
    this.#late.delete(id);
    this.#events.push({
      ...{ id, trace, type, name, start, end, status },
      ...(parent !== undefined && { parent }),
      ...(llm && { llm }),
    });
    if (!this.#wants(type) || this.#found.length >= this.#options.limit) this.#bodies.forgetEvent(id);
    else this.#look([...eventTexts(event), ...this.#saidIn(event)], id);
  }

  /** The messages of an event; of a body that nobody can read, its text. */
  *#saidIn(event: SpanEvent): Generator<PlacedText, void> {
    const bodies = this.#bodies.bodiesOf(event.id) ?? {};
    const { request, response } = bodies;
    const messages = event.type === 'llm' ? messagesOf(event, bodies) : {};
    yield* messageTexts(messages);
    if (!messages.input && !messages.system) {
      if (request !== undefined) yield { where: 'request', text: request };
      yield* leaves('request', event.content?.request);
    }
    if (!messages.output) {
      if (typeof response === 'string') yield { where: 'answer', text: response };
      yield* leaves('answer', event.content?.response);
    }
  }

  #look(texts: Iterable<PlacedText>, on?: string): void {
    if (this.#found.length >= this.#options.limit) return;
    for (const text of texts) {
      this.#turn.push(on === undefined ? text : { ...text, on });
      this.#turnUnits += text.text.length;
      if (this.#turnUnits >= TURN_UNITS || this.#turn.length >= TURN_TEXTS) this.#search();
    }
  }

  /** Searches the texts that were gathered. */
  #search(): void {
    const turn = this.#turn.splice(0);
    this.#turnUnits = 0;
    this.#options.find(turn.map(({ text }) => text)).forEach((excerpt, index) => {
      const { where, on } = turn[index] as Placed;
      if (excerpt === null || this.#found.length >= this.#options.limit || this.#isRepeated(where, excerpt)) return;
      const hit = { ...excerpt, where, ...(on !== undefined && { on }) };
      // The same words of the same place, such as the name of a tool that is asked for twice.
      if (JSON.stringify(hit) !== this.#lastHit) this.#found.push(hit);
      this.#lastHit = JSON.stringify(hit);
    });
  }

  #isRepeated(where: string, { before, match, after }: Excerpt): boolean {
    const isRequest = /^(request|system|tool definition)/.test(where);
    if (!isRequest && where !== 'answer') return false;
    const key = `${before}\n${match}\n${after}`;
    const known = this.#said.has(key);
    this.#said.add(key);
    return isRequest && known;
  }

  #numbered(found: Found[]): Hit[] {
    const roots = buildTree({ events: this.#events, open: this.#open.values() });
    const nodes = new Map([...walk(roots)].map(({ node }) => [node.id, node]));
    const hits = found.map(({ on, ...hit }): Hit => {
      const node = on === undefined ? undefined : nodes.get(on);
      if (!node) return hit;
      const { id, number, type, name } = node;
      return { ...hit, event: { id, number, type, name } };
    });
    return hits.sort((a, b) => (a.event?.number ?? 0) - (b.event?.number ?? 0));
  }
}

function wordsOf({
  tags,
  metadata,
  links,
}: Pick<EndLine, 'tags' | 'metadata' | 'links'>): Pick<EndLine, 'tags' | 'metadata' | 'links'> {
  return {
    ...(tags !== undefined && { tags }),
    ...(metadata !== undefined && { metadata }),
    ...(links !== undefined && { links }),
  };
}
