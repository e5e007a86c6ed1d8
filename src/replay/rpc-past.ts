/** What a program and a server of JSON-RPC have said to one another, a line each. */
import type { Passed } from './channels.ts';
import type { Arrival } from './source.ts';

/** A message of JSON-RPC, as far as it is looked at. */
export interface RpcMessage {
  id?: string | number;
  method?: string;
  params?: { name?: unknown; arguments?: unknown };
  result?: { tools?: unknown };
}

/** What was told the server, or an answer that it had given before the next was told. */
export type RpcStep = { told: Uint8Array } | { answered: string };

/** A tool that was called. */
export interface CalledTool {
  name: string;
  args: unknown;
}

const NEW_LINE = 10;

export class RpcPast {
  readonly steps: RpcStep[] = [];
  /** What the program has read of a line that has not ended. */
  partial: Buffer = Buffer.alloc(0);
  readonly #told: (RpcMessage | null)[] = [];
  readonly #heard: (RpcMessage | null)[] = [];
  #isOver = false;

  constructor(past: readonly Passed[]) {
    let asking: Buffer = Buffer.alloc(0);
    for (const each of past) {
      if ('went' in each) {
        this.steps.push({ told: each.bytes });
        asking = Buffer.concat([asking, each.bytes]);
        for (const line of take()) this.#told.push(messageOf(line));
      } else this.came(each.came);
    }
    function take(): Buffer[] {
      const [lines, rest] = linesOf(asking);
      asking = rest;
      return lines;
    }
  }

  /** Something has come, and the program has it. */
  came({ event, data, bytes = new Uint8Array() }: Arrival): void {
    const { fd } = (data ?? {}) as { fd?: number };
    if (event === 'exit' || (event === 'end' && fd === 1) || (event === 'finished' && fd === 0)) this.#isOver = true;
    if (event !== 'data' || fd !== 1) return;
    const [lines, rest] = linesOf(Buffer.concat([this.partial, bytes]));
    this.partial = rest;
    for (const line of lines) {
      const message = messageOf(line);
      this.#heard.push(message);
      if (message?.id !== undefined && message.method === undefined) this.steps.push({ answered: idOf(message) });
    }
  }

  /** Why a server cannot be brought to where it was; null: it can. */
  obstacle(rest: readonly Arrival[]): string | null {
    if (this.#isOver) return 'it had ended';
    if (this.#told.includes(null) || this.#heard.includes(null))
      return 'what it is told is no JSON-RPC, a line each, so that nobody knows what of it was answered';
    if (this.#heard.some((message) => message?.id !== undefined && message.method !== undefined))
      return 'it has asked the program something itself';
    if (this.partial.length > 0 && completed(this.partial, rest).length === 0) return 'it was in the middle of an answer';
    return null;
  }

  /** What it was told, each once. */
  get methods(): string[] {
    return [...new Set(this.#told.flatMap((message) => (message?.method === undefined ? [] : [message.method])))];
  }

  /** Tools that it was asked to call, each once, but for those that it says do nothing, or nothing more when they are called again. */
  get repeated(): CalledTool[] {
    const harmless = new Set(this.#heard.flatMap((message) => harmlessIn(message?.result?.tools)));
    const called = new Map<string, CalledTool>();
    for (const message of this.#told) {
      const name = message?.method === 'tools/call' ? message.params?.name : undefined;
      if (typeof name === 'string' && !harmless.has(name)) called.set(name, { name, args: message?.params?.arguments ?? {} });
    }
    return [...called.values()];
  }

  /** The first thing that it had answered and is not in `answered`, in words. */
  awaits(answered: ReadonlySet<string>): string {
    const step = this.steps.find((each) => 'answered' in each && !answered.has(each.answered));
    const id = step !== undefined && 'answered' in step ? step.answered : '';
    const asked = this.#told.find((message) => message?.id !== undefined && idOf(message) === id);
    return `${asked?.method ?? 'what it was asked'} (id ${id})`;
  }
}

/** What is missing of a line that was read in part, in what was still to come; nothing where that does not end it. */
export function completed(partial: Uint8Array, rest: readonly Arrival[]): Buffer {
  if (partial.length === 0) return Buffer.alloc(0);
  const isOutput = ({ event, data }: Arrival): boolean => event === 'data' && (data as { fd?: number }).fd === 1;
  const bytes = Buffer.concat(rest.filter(isOutput).map(({ bytes: piece = new Uint8Array() }) => piece));
  return bytes.subarray(0, bytes.indexOf(NEW_LINE) + 1);
}

/** Whole lines, and what is left behind the last. */
export function linesOf(bytes: Buffer): [Buffer[], Buffer] {
  const lines: Buffer[] = [];
  let from = 0;
  for (let end = bytes.indexOf(NEW_LINE); end >= 0; end = bytes.indexOf(NEW_LINE, from)) {
    lines.push(bytes.subarray(from, end));
    from = end + 1;
  }
  return [lines, bytes.subarray(from)];
}

/** Null: it is none. */
export function messageOf(line: Buffer): RpcMessage | null {
  try {
    const message = JSON.parse(line.toString()) as RpcMessage & { jsonrpc?: unknown };
    return message.jsonrpc === '2.0' ? message : null;
  } catch {
    return null;
  }
}

/** 1 and "1" are two ids. */
export const idOf = ({ id }: RpcMessage): string => JSON.stringify(id);

function harmlessIn(tools: unknown): string[] {
  if (!Array.isArray(tools)) return [];
  return (tools as { name?: unknown; annotations?: { readOnlyHint?: unknown; idempotentHint?: unknown } }[]).flatMap(
    ({ name, annotations }) =>
      typeof name === 'string' && (annotations?.readOnlyHint === true || annotations?.idempotentHint === true) ? [name] : [],
  );
}
