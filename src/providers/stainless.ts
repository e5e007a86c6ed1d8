/**
 * The SDKs that Stainless generates are built alike: methods of resource classes, which hang on the client class as statics, give lazy promises, and every attempt goes
 * through the client's `fetchWithTimeout` (decisions/0005). What is special to one SDK stands in its own file, as data.
 */
import { guard } from '../core/diagnostics.ts';
import type { ModuleTarget } from '../patch/reach.ts';
import { attemptMethod } from './attempts.ts';
import { callMethod } from './call-method.ts';
import type { Operation } from './contract.ts';
import { stainlessError } from './errors.ts';
import { openCall } from './llm-call.ts';
import type { CallKind } from './llm-call.ts';
import { Patcher, ownerOf } from './patcher.ts';
import type { PatchReport, Provider } from './provider.ts';
import { patchToolRunner } from './tool-runners.ts';
import type { ToolRunnerTarget } from './tool-runners.ts';

/** A method that makes an LLM call. `owner` leads from the client class to the resource: `Chat.Completions` by statics, `Beta>chat.completions` through an instance of `Beta`. */
export interface MethodTarget {
  owner: string;
  method: string;
  operation: Operation;
  /** Which argument holds the body or the query; the first, unless said. */
  body?: number;
}

export interface StainlessSdk {
  name: string;
  target: ModuleTarget;
  tested: readonly string[];
  /** Exported names of the client class. */
  client: readonly string[];
  methods: readonly MethodTarget[];
  toolRunners: readonly ToolRunnerTarget[];
}

/** The provider that an SDK description makes. */
export function stainlessProvider(sdk: StainlessSdk): Provider {
  return {
    name: sdk.name,
    targets: [sdk.target],
    tested: sdk.tested,
    operations: [...new Set(sdk.methods.map(({ operation }) => operation))],
    patch: ({ namespace }) => patchClient(namespace, sdk),
    error: stainlessError,
  };
}

function patchClient(namespace: any, sdk: StainlessSdk): PatchReport {
  const patcher = new Patcher(sdk.name);
  const client = [...sdk.client.map((name) => namespace?.[name]), namespace?.default, namespace].find(
    (it) => typeof it === 'function',
  );
  for (const { owner, method, operation, body = 0 } of sdk.methods) {
    const kind: CallKind = { provider: sdk.name, operation, error: stainlessError, body: (args) => args[body] };
    patcher.replace(resourceOf(client, owner), method, `${owner}.${method}`, (original) => callMethod(original, kind));
  }
  for (const runner of sdk.toolRunners) {
    patcher.replace(resourceOf(client, runner.owner), runner.method, `${runner.owner}.${runner.method}`, (original) =>
      patchToolRunner(original, runner),
    );
  }
  const sender = ownerOf(client?.prototype, 'fetchWithTimeout');
  patcher.replace(sender, 'fetchWithTimeout', 'fetchWithTimeout', (original) =>
    attemptMethod(original, { call: (client) => openCall((call) => call.client === client) }),
  );
  return patcher.report;
}

/** The prototype of a resource class, or undefined where this version has none of it. */
function resourceOf(client: any, path: string): unknown {
  return guard<unknown>(
    'patch.probe',
    () => {
      const [statics = '', members] = path.split('>');
      let at = client;
      for (const name of statics.split('.')) at = at?.[name];
      if (members === undefined || typeof at !== 'function') return at?.prototype;
      // Resources do nothing when they are built but build those below them.
      at = new at({});
      for (const name of members.split('.')) at = at?.[name];
      return at === undefined || at === null ? undefined : (Object.getPrototypeOf(at) as unknown);
    },
    undefined,
  );
}
