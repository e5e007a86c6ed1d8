/** The texts inside a body that is JSON, JSON lines or server-sent events, by where they stand in it: so that a text that came in pieces can be read as one. */

/** The inside of one string of JSON, as it is written: from behind its quote to its closing one. */
export interface JsonText {
  start: number;
  end: number;
  /** Which text it is a piece of: its place in the document, and the numbers and ids beside it that tell choices and items apart. */
  stream: string;
}

/** Members that say which of several texts a piece belongs to. */
const WHICH = /^(?:index|output_index|content_index|contentBlockIndex|choice_index|item_id|toolCallId)$/;
/** No document is looked at that is nested deeper. */
const DEPTH_MAX = 200;
const SPACE = /\s*/y;
const SCALAR = /[^\s,\]}]+/y;

/** All texts of a body in its order; none where it is not made of JSON. */
export function jsonTexts(body: string): JsonText[] {
  const whole = documentAt(body, 0, body.length);
  if (whole !== undefined) return whole;
  const texts: JsonText[] = [];
  for (let from = 0; from < body.length;) {
    const lf = body.indexOf('\n', from);
    const to = lf < 0 ? body.length : lf;
    const begin = body.startsWith('data:', from) ? from + 5 : from;
    texts.push(...(documentAt(body, begin, to) ?? []));
    from = to + 1;
  }
  return texts;
}

/** The texts of the document that fills `body` from `from` to `to`; undefined when that is none. */
function documentAt(body: string, from: number, to: number): JsonText[] | undefined {
  let begin = from;
  while (begin < to && body.charCodeAt(begin) <= 32) begin++;
  if (body[begin] !== '{' && body[begin] !== '[') return undefined;
  const walk = new Walk(body, begin, to);
  try {
    walk.value(walk.isList ? [] : ['$'], 0);
    walk.space();
    return walk.at === to ? walk.texts() : undefined;
  } catch {
    return undefined;
  }
}

class Walk {
  at: number;
  /** A list at the outside is a stream of documents, as Gemini sends one. */
  readonly isList: boolean;
  readonly #body: string;
  readonly #to: number;
  readonly #found: { start: number; end: number; path: string; which: string }[] = [];
  #which = '';

  constructor(body: string, at: number, to: number) {
    this.#body = body;
    this.at = at;
    this.#to = to;
    this.isList = body[at] === '[';
  }

  texts(): JsonText[] {
    // What tells pieces apart may stand behind them in their document.
    const all = this.#which;
    return this.#found.map(({ start, end, path, which }) => ({ start, end, stream: `${path} ${this.isList ? which : all}` }));
  }

  value(path: readonly string[], depth: number): void {
    if (depth > DEPTH_MAX) throw new SyntaxError('too deep');
    this.space();
    const first = this.#body[this.at];
    if (first === '"') {
      const start = this.at + 1;
      this.#string();
      const name = path.at(-1) ?? '';
      if (WHICH.test(name)) this.#which += `${name}=${this.#body.slice(start, this.at - 1)};`;
      this.#found.push({ start, end: this.at - 1, path: path.join('.'), which: this.#which });
    } else if (first === '{') this.#members(path, depth);
    else if (first === '[') this.#items(path, depth);
    else {
      const scalar = this.#match(SCALAR);
      if (scalar === '') throw new SyntaxError('no value');
      const name = path.at(-1) ?? '';
      if (WHICH.test(name)) this.#which += `${name}=${scalar};`;
    }
  }

  #members(path: readonly string[], depth: number): void {
    this.at++;
    for (let first = true; !this.#closes('}', first); first = false) {
      this.space();
      const start = this.at + 1;
      if (this.#body[this.at] !== '"') throw new SyntaxError('no name');
      this.#string();
      const name = this.#body.slice(start, this.at - 1);
      this.#found.push({ start, end: this.at - 1, path: `${path.join('.')} name`, which: '' });
      this.space();
      if (this.#body[this.at++] !== ':') throw new SyntaxError('no colon');
      this.value([...path, name], depth + 1);
    }
  }

  #items(path: readonly string[], depth: number): void {
    this.at++;
    const outermost = this.isList && depth === 0;
    for (let index = 0; !this.#closes(']', index === 0); index++) {
      if (outermost) this.#which = '';
      this.value(outermost ? ['$'] : [...path, String(index)], depth + 1);
    }
  }

  /** Whether the list or object ends here; takes the comma where it does not. */
  #closes(bracket: string, first: boolean): boolean {
    this.space();
    const next = this.#body[this.at];
    if (this.at >= this.#to) throw new SyntaxError('no end');
    if (next === bracket) {
      this.at++;
      return true;
    }
    if (first) return false;
    if (next !== ',') throw new SyntaxError('no comma');
    this.at++;
    return false;
  }

  #string(): void {
    for (
      let quote = this.#body.indexOf('"', this.at + 1);
      quote >= 0 && quote < this.#to;
      quote = this.#body.indexOf('"', quote + 1)
    ) {
      let slashes = 0;
      while (this.#body[quote - slashes - 1] === '\\') slashes++;
      if (slashes % 2 === 1) continue;
      this.at = quote + 1;
      return;
    }
    throw new SyntaxError('no closing quote');
  }

  space(): void {
    this.#match(SPACE);
    if (this.at > this.#to) this.at = this.#to;
  }

  #match(pattern: RegExp): string {
    pattern.lastIndex = this.at;
    const [found = ''] = pattern.exec(this.#body) ?? [];
    this.at += found.length;
    return found;
  }
}
