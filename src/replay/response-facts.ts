/** Makes answers that say of themselves what those of the network do: their URL, their type, whether they were redirected. No member of their own says it, so that they look the same. */
import type { Method } from '../patch/registry.ts';
import { installOnce, REPLAY_LABEL } from '../patch/registry.ts';
import { replaceGlobal } from './globals.ts';

interface Facts {
  url: string;
  redirected: boolean;
}

const facts = new WeakMap<Response, Facts>();

/** Statuses whose answers have no body. */
const BODILESS = new Set([101, 103, 204, 205, 304]);

/** Whether an answer has a body, be it an empty one. */
export function hasBody(method: string, status: number): boolean {
  return method !== 'HEAD' && !BODILESS.has(status);
}

export interface AnswerFacts {
  status: number;
  statusText: string;
  headers: Iterable<readonly [string, string]>;
  url: string;
  redirected: boolean;
}

/** An answer of the network. */
export function makeResponse(body: ReadableStream | null, { url, redirected, ...init }: AnswerFacts): Response {
  const response = new Response(body, { ...init, headers: [...init.headers] as [string, string][] });
  facts.set(response, { url, redirected });
  return response;
}

/** Has answers say what they are. Undone by `undoAll`. */
export function patchResponses(): void {
  const { prototype } = Response;
  const say = (name: 'url' | 'redirected' | 'type', of: (known: Facts) => unknown): void => {
    const before = Object.getOwnPropertyDescriptor(prototype, name);
    const get = before?.get;
    if (before?.configurable !== true || get === undefined) return;
    installOnce(prototype, name, `${REPLAY_LABEL}Response.${name}`, () => {
      const holder = {
        get [name](): unknown {
          const known = facts.get(this as unknown as Response);
          return known === undefined ? Reflect.apply(get, this, []) : of(known);
        },
      };
      Object.defineProperty(prototype, name, { ...before, get: Object.getOwnPropertyDescriptor(holder, name)!.get! });
      return () => Object.defineProperty(prototype, name, before);
    });
  };
  say('url', ({ url }) => url);
  say('redirected', ({ redirected }) => redirected);
  say('type', () => 'basic');
  replaceGlobal(
    [prototype],
    'clone',
    (original): Method =>
      function (this: Response) {
        const clone = Reflect.apply(original, this, []) as Response;
        const known = facts.get(this);
        if (known !== undefined) facts.set(clone, known);
        return clone;
      },
  );
}
