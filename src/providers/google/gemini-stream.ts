/** Folds the chunks of a streamed answer of Gemini's to the body that a plain call returns. Each chunk is such a body itself, with what is new in it. */
import { copy, fields, items, number, text, type Fields } from '../fields.ts';
import type { ChunkFolder } from '../operation.ts';
import { setAtPath } from '../json-path.ts';

/** More candidates and parts than any answer has; what a broken stream sends beyond is left out. */
const CANDIDATES_MAX = 64;
const PARTS_MAX = 4096;

/** Members of a part that may be there beside its text. */
const TEXT_MEMBERS = new Set(['text', 'thought', 'thoughtSignature']);

const isTextPart = (part: Fields): boolean =>
  typeof part['text'] === 'string' && Object.keys(part).every((member) => TEXT_MEMBERS.has(member));

/** The members of a chunk that hold the newest state of something: the later one counts, member by member. */
function renew(state: Fields, chunk: Fields, members: readonly string[]): void {
  for (const member of members) {
    const given = chunk[member];
    if (given === undefined || given === null) continue;
    const renewed = copy(given);
    state[member] = typeof renewed === 'object' ? { ...fields(state[member]), ...fields(renewed) } : renewed;
  }
}

/** The parts of one candidate: texts grow, arguments that come in pieces are put together. */
class Parts {
  readonly #parts: Fields[] = [];

  push(given: Fields): void {
    const last = this.#parts.at(-1);
    if (last !== undefined && (this.#growText(last, given) || growCall(last, given))) return;
    if (this.#parts.length < PARTS_MAX) this.#parts.push(fields(copy(given)));
  }

  #growText(last: Fields, given: Fields): boolean {
    const grows = isTextPart(given) && isTextPart(last) && (given['thought'] === true) === (last['thought'] === true);
    if (!grows) return false;
    last['text'] = `${last['text'] as string}${given['text'] as string}`;
    if (given['thoughtSignature'] !== undefined) last['thoughtSignature'] = copy(given['thoughtSignature']);
    return true;
  }

  body(): Fields[] {
    return this.#parts.map(({ functionCall, ...rest }) => ({
      ...rest,
      ...(functionCall !== undefined && { functionCall: wholeCall(fields(functionCall)) }),
    }));
  }
}

/** With `streamFunctionCallArguments`, a call begins with its name, and `partialArgs` follow in parts without one until none `willContinue`. */
function growCall(last: Fields, given: Fields): boolean {
  const call = fields(last['functionCall']);
  const more = fields(given['functionCall']);
  const isMore = given['functionCall'] !== undefined && call['willContinue'] === true && text(more['name']) === undefined;
  if (!isMore) return false;
  const pieces = items(call['partialArgs']);
  call['partialArgs'] = [...pieces, ...items(copy(more['partialArgs']))].slice(0, PARTS_MAX);
  call['willContinue'] = more['willContinue'] === true;
  return true;
}

function wholeCall({ partialArgs, willContinue: _, ...call }: Fields): Fields {
  if (!Array.isArray(partialArgs)) return call;
  const args = { ...fields(copy(call['args'])) };
  const texts = new Map<string, string>();
  for (const piece of items(partialArgs).map(fields)) {
    const path = text(piece['jsonPath']);
    if (path === undefined) continue;
    const said = piece['stringValue'];
    if (typeof said === 'string') {
      texts.set(path, (texts.get(path) ?? '') + said);
      setAtPath(args, path, texts.get(path));
    } else setAtPath(args, path, piece['numberValue'] ?? piece['boolValue'] ?? null);
  }
  return { ...call, args };
}

interface Candidate {
  index: number;
  parts: Parts;
  role: unknown;
  rest: Fields;
}

const RENEWED = ['finishReason', 'finishMessage', 'groundingMetadata', 'citationMetadata', 'urlContextMetadata'];

/** One stream of `streamGenerateContent`. */
export class GeminiFolder implements ChunkFolder {
  readonly #body: Fields = {};
  readonly #candidates: Candidate[] = [];

  push(value: unknown): void {
    const chunk = fields(value);
    renew(this.#body, chunk, ['responseId', 'modelVersion', 'usageMetadata', 'promptFeedback', 'error']);
    for (const given of items(chunk['candidates'])) this.#grow(fields(given));
  }

  #grow(given: Fields): void {
    const candidate = this.#candidateAt(number(given['index']) ?? 0);
    if (candidate === undefined) return;
    const content = fields(given['content']);
    candidate.role ??= text(content['role']);
    for (const part of items(content['parts'])) candidate.parts.push(fields(part));
    renew(candidate.rest, given, RENEWED);
  }

  #candidateAt(index: number): Candidate | undefined {
    const known = this.#candidates.find((candidate) => candidate.index === index);
    if (known !== undefined || this.#candidates.length === CANDIDATES_MAX) return known;
    const made: Candidate = { index, parts: new Parts(), role: undefined, rest: {} };
    this.#candidates.push(made);
    return made;
  }

  body(): Fields {
    const candidates = this.#candidates
      .toSorted((a, b) => a.index - b.index)
      .map(({ index, parts, role, rest }) => ({ content: { parts: parts.body(), role: role ?? 'model' }, index, ...rest }));
    return { ...this.#body, ...(candidates.length > 0 && { candidates }) };
  }

  /** There is no closing event: a stream is whole when each candidate says why it ended, or the prompt was blocked. */
  closed(): boolean {
    if (text(fields(this.#body['promptFeedback'])['blockReason']) !== undefined) return true;
    return this.#candidates.length > 0 && this.#candidates.every(({ rest }) => text(rest['finishReason']) !== undefined);
  }
}
