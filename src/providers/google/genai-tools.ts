/**
 * Tools that Google's SDK runs in loops of its own (`CallableTool`, `mcpToTool`): each call that the model asked for is an event while `callTool` runs. The loop of a stream looks its
 * tools up in a map that the SDK has made. The other one takes them from what the app gave: there, `callTool` of a tool is another from the answer that asks for it until the loop
 * has taken it, which is before anything but promises can run.
 */
import type { OpenEvent } from '../../events/ports.ts';
import { hub } from '../../events/ports.ts';
import { leaseMember } from '../../patch/lease.ts';
import { isPlainPromise, looking, observe } from '../../patch/own-member.ts';
import type { Method } from '../../patch/registry.ts';
import { runInside } from '../../patch/run-inside.ts';
import { fields, items, present, text } from '../fields.ts';
import { failed, openEvent, succeeded, taken, toolStart } from '../framework-events.ts';

interface Declared {
  tool: any;
  /** Of the functions that it declares; a turn's calls of others are another tool's. */
  names: ReadonlySet<string>;
}

const NOTHING = (): void => {};

/** What was declared, by the list of tools that the SDK sends in the place of the app's. */
const declared = new WeakMap<object, Declared[]>();

/** One answer that asks for calls, and the tools that the loop will take one after the other. */
interface Turn {
  tools: readonly Declared[];
  giveBack: () => void;
}

/** Turns by the calls that they asked for, as the answer has them: the loop gives a tool those same objects. */
const turns = new WeakMap<object, Turn>();

const isCallable = (tool: any): boolean => typeof tool?.callTool === 'function';

/** `processParamsMaybeAddMcpUsage(params)`: asks each callable tool what it declares. */
export function watchDeclarations(original: Method): Method {
  return function (this: unknown, ...args: any[]) {
    const made: unknown = Reflect.apply(original, this, args);
    if (hub.recorder === null || !isPlainPromise(made)) return made;
    looking('patch.tools', () => {
      const tools = items(args[0]?.config?.tools);
      if (!tools.some(isCallable)) return;
      observe(made, (params) => looking('patch.tools', () => declare(tools, params?.config?.tools)), NOTHING);
    });
    return made;
  };
}

function declare(tools: readonly any[], sent: unknown): void {
  if (!Array.isArray(sent)) return;
  const all = tools.map((tool, index) => ({ tool, names: namesOf(sent[index]) }));
  declared.set(
    sent,
    all.filter(({ tool }) => isCallable(tool)),
  );
}

function namesOf(declaration: unknown): Set<string> {
  const names = items(fields(declaration)['functionDeclarations']).map((one) => text(fields(one)['name']));
  return new Set(names.filter((name) => name !== undefined));
}

/** `generateContentInternal(params)`: one turn. */
export function watchTurn(original: Method): Method {
  return function (this: unknown, ...args: any[]) {
    const answer: unknown = Reflect.apply(original, this, args);
    if (hub.recorder === null || !isPlainPromise(answer)) return answer;
    looking('patch.tools', () => {
      const sent: unknown = args[0]?.config?.tools;
      const tools = Array.isArray(sent) ? declared.get(sent) : undefined;
      if (tools !== undefined) observe(answer, (body) => looking('patch.tools', () => beginTurn(tools, body)), NOTHING);
    });
    return answer;
  };
}

function beginTurn(tools: Declared[], answer: unknown): void {
  const content = fields(fields(items(fields(answer)['candidates'])[0])['content']);
  const calls = items(content['parts'])
    .map((part) => fields(part)['functionCall'])
    .filter((call) => typeof call === 'object' && call !== null);
  if (calls.length === 0) return;
  const turn: Turn = { tools, giveBack: NOTHING };
  for (const call of calls) turns.set(call, turn);
  awaitTool(turn, 0);
}

/** Puts our `callTool` on the tool that comes next. What the loop has not taken when promises have had their turn, it will not take. */
function awaitTool(turn: Turn, index: number): void {
  const next = turn.tools[index];
  if (next === undefined) return;
  const giveBack = leaseMember(next.tool, 'callTool', watchCallTool);
  turn.giveBack = giveBack;
  setImmediate(() => looking('patch.tools', giveBack)).unref();
}

function watchCallTool(original: Method): Method {
  return function (this: unknown, ...args: any[]) {
    const turn = turns.get(args[0]?.[0]);
    const index = turn?.tools.findIndex(({ tool }) => tool === this) ?? -1;
    const one = turn?.tools[index];
    if (turn === undefined || one === undefined) return Reflect.apply(original, this, args);
    looking('patch.tools', turn.giveBack);
    const run = (): unknown => Reflect.apply(original, this, args);
    return callTool(one, run, args[0], () => awaitTool(turn, index + 1));
  };
}

/** `initAfcToolsMap(params)`: the tools of a stream's loop, by the names of their functions. */
export function watchToolsMap(original: Method): Method {
  return function (this: unknown, ...args: any[]) {
    const made: unknown = Reflect.apply(original, this, args);
    if (hub.recorder === null || !isPlainPromise(made)) return made;
    observe(made, (map) => looking('patch.tools', () => replaceTools(map)), NOTHING);
    return made;
  };
}

function replaceTools(map: unknown): void {
  if (!(map instanceof Map)) return;
  for (const [name, tool] of map as Map<string, any>) {
    const one: Declared = { tool, names: new Set([name]) };
    map.set(name, {
      callTool: (...args: any[]): unknown => callTool(one, () => tool.callTool(...args) as unknown, args[0], NOTHING),
    });
  }
}

interface Running {
  event: OpenEvent;
  call: any;
  args: unknown;
}

/** Runs the calls of one tool, each as an event; they begin and end together, as the tool is given them together. */
function callTool({ names }: Declared, run: () => unknown, calls: unknown, settled: () => void): unknown {
  const running: Running[] = [];
  looking('patch.tools', () => {
    for (const call of items(calls) as any[]) {
      const name = text(call?.name);
      if (name === undefined || !names.has(name)) continue;
      const event = openEvent(toolStart(name, present({ callId: text(call.id) })));
      if (event !== null) running.push({ event, call, args: taken(event, call.args) });
    }
  });
  const ok = (parts: unknown): void => {
    looking('patch.tools', () => endTools(running, parts));
    looking('patch.tools', settled);
  };
  const threw = (error: unknown): void =>
    looking('patch.tools', () => {
      for (const { event, args } of running) event.end(failed(error, () => ({ arguments: args })));
    });
  let result: unknown;
  try {
    const first = running[0];
    result = first === undefined ? run() : runInside(first.event, run);
  } catch (error) {
    threw(error);
    throw error;
  }
  if (isPlainPromise(result)) observe(result, ok, threw);
  else ok(result);
  return result;
}

/** Ends each call with its own part of what the tool gave: the one with its id, or the next with its name. */
function endTools(running: readonly Running[], parts: unknown): void {
  const results = items(parts).map((part) => fields(fields(part)['functionResponse']));
  for (const { event, call, args } of running) {
    const id = text(call.id);
    const index = results.findIndex((result) => (id !== undefined && result['id'] === id) || result['name'] === call.name);
    const [result] = index === -1 ? [undefined] : results.splice(index, 1);
    const { output, error } = fields(result?.['response']);
    // By the API's own rule, the result is what stands there as `output`, else all of it.
    const content = (): object => ({ arguments: args, result: output ?? result?.['response'] });
    const failure = fields(error)['isError'] === true;
    // So `mcpToTool` hands on that an MCP server said its tool had failed.
    event.end(failure ? { status: 'error', error: { type: 'tool_error' }, content } : succeeded(content));
  }
}
