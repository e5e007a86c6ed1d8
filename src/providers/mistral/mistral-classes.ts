/**
 * The classes of Mistral's SDK. Those that have the methods are exported by nobody: a client makes an object of each when it is first asked for it, by a getter. Here getters are asked on
 * behalf of no client. What they make does nothing: the SDK's constructors keep what they are given, and add hooks that wait for a request.
 */

/** A class of the SDK. */
export type SdkClass = (abstract new (...args: any[]) => any) & { readonly prototype: any };

export interface SdkClasses {
  /** The one that has all the others. */
  client?: SdkClass;
  /** What it, like every class with methods, is made of. */
  core?: SdkClass;
  /** Of the promises that functions give. */
  promise?: SdkClass;
}

/** Which of the exports of a module are which class, by what is in them: the client has another name in each of Mistral's packages. */
export function classesOf(namespace: object): SdkClasses {
  const found: SdkClasses = {};
  for (const value of Object.values(namespace)) {
    const prototype: any = typeof value === 'function' ? value.prototype : undefined;
    if (typeof prototype !== 'object' || prototype === null) continue;
    if (typeof prototype._do === 'function') found.core ??= value;
    if (isGetter(prototype, 'chat')) found.client ??= value;
    if (Object.hasOwn(prototype, '$inspect')) found.promise ??= value;
  }
  return found;
}

const isGetter = (prototype: object, name: string): boolean =>
  Object.getOwnPropertyDescriptor(prototype, name)?.get !== undefined;

/**
 * Options of the objects that are made here. With a logger of its own, none looks into the environment: the SDK does that once in a process, and the app may not have set it yet. No server is
 * looked up either, and no key.
 */
const INERT = {
  apiKey: '',
  serverURL: 'http://127.0.0.1',
  debugLogger: { group: () => {}, groupEnd: () => {}, log: () => {} },
};

/** The prototype of the object that `path` leads to from a client (`beta.conversations`); undefined where this version has none. */
export function resourceOf(client: SdkClass | undefined, path: string): unknown {
  const [first = '', ...rest] = path.split('.');
  if (client === undefined || !isGetter(client.prototype, first)) return undefined;
  let at: any = Reflect.get(client.prototype, first, { _options: INERT });
  for (const name of rest) at = at?.[name];
  return at === undefined || at === null ? undefined : Object.getPrototypeOf(at);
}

/** The prototype of the class that sends the requests of a client that brings none of its own: the hooks of a new client are told of it. */
export function httpClientOf(core: SdkClass): unknown {
  let base: any = core;
  while (!Object.hasOwn(base.prototype, '_do')) base = Object.getPrototypeOf(base);
  const { hooks } = new base(INERT)._options;
  let sender: any;
  const told = (given: any): unknown => {
    sender = given.client;
    return given;
  };
  void new base({ ...INERT, hooks: Object.create(hooks, { sdkInit: { value: told } }) });
  return sender === undefined ? undefined : Object.getPrototypeOf(sender);
}
