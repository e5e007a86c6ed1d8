/**
 * The SDK of the Model Context Protocol, version 1: clients and servers. Both are made of one class, `Protocol`, through which every request goes out and comes in; requests are seen
 * there, whichever way they were asked for and whoever has registered their handlers, and when.
 */
import { guard } from '../../core/diagnostics.ts';
import { hub } from '../../events/ports.ts';
import { leaseMember } from '../../patch/lease.ts';
import { looking } from '../../patch/own-member.ts';
import type { ModuleTarget } from '../../patch/reach.ts';
import type { Method } from '../../patch/registry.ts';
import { patchClasses, targetsOf } from '../class-patches.ts';
import type { ClassPatch } from '../class-patches.ts';
import { fields } from '../fields.ts';
import { runCall, runMethod } from '../framework-method.ts';
import { withContext } from './mcp-context.ts';
import { beginMade, beginServed, currentRun, mcpError } from './mcp-request.ts';
import type { Provider } from '../provider.ts';

function module(path: string): ModuleTarget {
  return { package: '@modelcontextprotocol/sdk', esm: [`dist/esm/${path}.js`], cjs: [`dist/cjs/${path}.js`] };
}

/** `callTool` of a client, which also checks what came against what the tool promised. */
function callTool(original: Method): Method {
  return runMethod(original, (client, [params, , options]) =>
    beginMade(client, { method: 'tools/call', params }, options?.signal),
  );
}

/** A request that goes out. One that `callTool` makes has its event already. */
function requestMade(original: Method): Method {
  return function (this: any, ...args: any[]) {
    if (hub.recorder === null) return Reflect.apply(original, this, args);
    const [request, schema, options] = args;
    const around = guard('mcp.current', currentRun, null);
    const isSent = around !== null && !around.sent && around.protocol === this && around.method === request?.method;
    const run = isSent ? around : guard('mcp.begin', () => beginMade(this, request, options?.signal), null);
    if (run === null) return Reflect.apply(original, this, args);
    run.sent = true;
    const sent = guard('mcp.context', () => withContext(request, run.event), request);
    const send = (): unknown => Reflect.apply(original, this, [sent, schema, ...args.slice(2)]);
    return isSent ? send() : runCall(run, send);
  };
}

/** A request that comes in: its handler, found here by the method's name, runs inside of an event. */
function requestServed(original: Method): Method {
  return function (this: any, ...args: any[]) {
    if (hub.recorder === null) return Reflect.apply(original, this, args);
    const method: unknown = args[0]?.method;
    const serve = (handler: unknown): unknown => (typeof handler === 'function' ? served(this, handler as Method) : handler);
    // The handlers are looked up before this method returns, and nobody else can look meanwhile.
    const release = guard(
      'mcp.handlers',
      () => {
        const handlers: unknown = this._requestHandlers;
        if (!(handlers instanceof Map)) return () => {};
        const fallback = handlers.has(method) ? null : leaseMember(this, 'fallbackRequestHandler', serve);
        const get = leaseMember(handlers, 'get', (find: Method) => (name: unknown) => {
          const handler: unknown = Reflect.apply(find, handlers, [name]);
          return name === method ? serve(handler) : handler;
        });
        return () => {
          get();
          fallback?.();
        };
      },
      () => {},
    );
    try {
      return Reflect.apply(original, this, args);
    } finally {
      release();
    }
  };
}

function served(protocol: unknown, handler: Method): Method {
  return function (this: unknown, ...args: any[]) {
    const [request, extra] = args;
    const run = guard('mcp.begin', () => beginServed(protocol, request, fields(extra)['signal']), null);
    const handle = (): unknown => Reflect.apply(handler, this, args);
    return run === null ? handle() : runCall(run, handle);
  };
}

/** `executeToolHandler` of a server, which makes an answer of what a tool throws. */
function toolRun(original: Method): Method {
  return function (this: any, ...args: any[]) {
    const given: any = Reflect.apply(original, this, args);
    const run = hub.recorder === null ? null : guard('mcp.current', currentRun, null);
    if (run === null || !(given instanceof Promise)) return given;
    return given.then(
      (value: unknown) => value,
      (error: unknown) => {
        looking('mcp.thrown', () => void (run.thrown = { error }));
        throw error;
      },
    );
  };
}

const CLASSES: readonly [ClassPatch, ...ClassPatch[]] = [
  { name: 'Protocol', target: module('shared/protocol'), methods: { request: requestMade, _onrequest: requestServed } },
  { name: 'Client', target: module('client/index'), methods: { callTool } },
  // Older releases run a tool where it is registered. Then what it threw is known by the words of its answer alone.
  { name: 'McpServer', target: module('server/mcp'), spare: true, methods: { executeToolHandler: toolRun } },
];

export const mcp: Provider = {
  name: 'mcp',
  targets: targetsOf(CLASSES),
  tested: ['1'],
  operations: [],
  patch: (found) => patchClasses('mcp', CLASSES, found),
  error: mcpError,
};
