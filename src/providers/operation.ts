/** Makes an operation out of its decoders. Here, in one place, lies the promise that none of them throws, whatever the data does. */
import type { OutputMessage } from '../events/content.ts';
import type { LlmRequest } from '../events/model.ts';
import type { Assembler, InputContent, Operation, ResponseFacts } from './contract.ts';
import { readable } from './fields.ts';

/** A folder of chunks that may throw on an odd one. */
export interface ChunkFolder {
  push(chunk: unknown): void;
  body(): unknown;
  /** Whether the provider's own closing event was seen. */
  closed(): boolean;
}

/** The decoders of one operation; each may throw. What is left out says nothing. */
export interface Decoders {
  operation: string;
  api: string;
  request: (body: unknown) => LlmRequest;
  folder?: () => ChunkFolder;
  response?: (body: unknown) => ResponseFacts;
  input?: (body: unknown) => InputContent;
  output?: (body: unknown) => OutputMessage[];
}

class SafeAssembler implements Assembler {
  readonly #folder: ChunkFolder;

  constructor(folder: ChunkFolder) {
    this.#folder = folder;
  }

  push(chunk: unknown): void {
    try {
      this.#folder.push(chunk);
    } catch {
      // An odd chunk: what it said cannot be read, and the next one may be sound.
    }
  }

  result(): { body: unknown; complete: boolean } {
    return readable<{ body: unknown; complete: boolean }>(
      () => ({ body: this.#folder.body(), complete: this.#folder.closed() }),
      { body: undefined, complete: false },
    );
  }
}

/** The operation that these decoders make up. */
export function defineOperation(decoders: Decoders): Operation {
  const { operation, api, folder } = decoders;
  return {
    operation,
    api,
    request: (body) => readable(() => decoders.request(body), {}),
    response: (body) => readable(() => decoders.response?.(body) ?? { response: {} }, { response: {} }),
    input: (body) => readable(() => decoders.input?.(body) ?? {}, {}),
    output: (body) => readable(() => decoders.output?.(body) ?? [], []),
    ...(folder && { assembler: () => new SafeAssembler(folder()) }),
  };
}
