/**
 * Finding a class that a module keeps to itself. A minified bundle may export functions alone, which nobody can replace in a namespace that is frozen; the class that does the work stands
 * in the scope of those functions. V8 tells of that scope through an inspector session of this process: nothing of the module is called, no debugger is switched on, nothing is listened to.
 */
import { newSpanId } from '../core/ids.ts';

export type ScopeSearch = { found: object } | { reason: string };

interface Remote {
  objectId?: string;
  description?: string;
}

interface Answer {
  result?: any;
  internalProperties?: { name: string; value?: Remote }[];
}

interface Session {
  connect(): void;
  disconnect(): void;
  post(method: string, params: object, callback: (error: Error | null, answer: Answer) => void): void;
}

/**
 * Runs in the realm of the app on each scope. Text instead of a property says what is a class: that asks no getter and no trap of a proxy. Takes the name of a global to hand it over by.
 */
const PICK = `function (door, method) {
  const text = Function.prototype.toString;
  for (const name of Object.keys(this.object)) {
    const value = this.object[name];
    if (typeof value !== 'function' || !/^class\\b(?!\\s*=)/.test(text.call(value))) continue;
    if (!value.prototype || !Object.hasOwn(value.prototype, method)) continue;
    globalThis[door].found = value;
    return true;
  }
  return false;
}`;

/** Names of scopes that every function has; the class is in none of them. */
const SHARED = new Set(['Global', 'Script']);

/** The class with an own method `method` in the scope that `inside` was defined in. Takes some 20 ms with a bundle of a megabyte: to be asked once a module. */
export function classInScope(inside: unknown, method: string): ScopeSearch {
  if (typeof inside !== 'function') return { reason: 'the function that it is looked for by is not there' };
  let session: Session;
  try {
    const { Session: Inspector } = process.getBuiltinModule('node:inspector');
    session = new Inspector() as unknown as Session;
    session.connect();
  } catch (error) {
    const code = (error as { code?: string } | null)?.code ?? String(error);
    return { reason: `the scope of its module cannot be read here: no inspector session in this process (${code})` };
  }
  const door = `hindcast-scope-${newSpanId()}`;
  const holder: { inside: unknown; found?: object } = { inside };
  Object.defineProperty(globalThis, door, { value: holder, configurable: true, enumerable: false });
  try {
    search(session, door, method);
  } finally {
    Reflect.deleteProperty(globalThis, door);
    session.disconnect();
  }
  return holder.found === undefined
    ? { reason: `no class with the method ${method} is in the scope of its module` }
    : { found: holder.found };
}

function search(session: Session, door: string, method: string): void {
  const inside = post(session, 'Runtime.evaluate', { expression: `globalThis[${JSON.stringify(door)}].inside` }).result;
  const about = post(session, 'Runtime.getProperties', { objectId: inside?.objectId, ownProperties: true });
  const scopes = about.internalProperties?.find(({ name }) => name === '[[Scopes]]')?.value?.objectId;
  if (scopes === undefined) return;
  const list: { value?: Remote }[] = post(session, 'Runtime.getProperties', { objectId: scopes, ownProperties: true }).result;
  for (const { value } of list) {
    if (value?.objectId === undefined || SHARED.has(value.description ?? '')) continue;
    const args = [{ value: door }, { value: method }];
    const { result } = post(session, 'Runtime.callFunctionOn', {
      objectId: value.objectId,
      functionDeclaration: PICK,
      arguments: args,
      returnByValue: true,
    });
    if (result?.value === true) return;
  }
}

/** A session of this very thread answers before `post` returns. */
function post(session: Session, method: string, params: object): Answer {
  let answer: Answer = {};
  session.post(method, params, (error, given) => {
    if (error !== null) throw error;
    answer = given;
  });
  return answer;
}
