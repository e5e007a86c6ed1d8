/** Patches come and go without a trace, and only where there is something to patch. */
import assert from 'node:assert/strict';
import { undoAll } from '../../patch/registry.ts';
import type { BaseProvider } from '../../providers/base-provider.ts';
import type { Bench, Check } from './bench.ts';
import { assertIs, assertSame } from './claims.ts';

interface Look {
  name: string;
  method: unknown;
  descriptor: PropertyDescriptor | undefined;
  keys: PropertyKey[];
}

/** What the methods were before the first check: a replacement that stays would pass for the original in the next one. */
const originals = new WeakMap<object, Map<string, unknown>>();

/** To be called before anything is patched. */
export function rememberOriginals({ spec, sdk }: Bench): void {
  for (const [owner, name] of spec.methods(sdk)) {
    const ofOwner = originals.get(owner) ?? new Map<string, unknown>();
    if (!ofOwner.has(name)) originals.set(owner, ofOwner.set(name, owner[name]));
  }
}

function assertOriginal(bench: Bench): void {
  for (const [owner, name] of bench.spec.methods(bench.sdk)) {
    assert.ok(owner[name] === originals.get(owner)?.get(name), `${name} is not the identical original after undo`);
  }
}

function lookAt(bench: Bench): Look[] {
  return bench.spec.methods(bench.sdk).map(([owner, name]) => {
    const descriptor = Object.getOwnPropertyDescriptor(owner, name);
    return { name, method: owner[name], descriptor, keys: Reflect.ownKeys(owner) };
  });
}

function assertUndone(bench: Bench, undo: () => void): void {
  undoAll();
  assertOriginal(bench);
  const before = lookAt(bench);
  assert.ok(before.length > 0, 'the spec names methods');
  for (const { name, method } of before) assertIs(typeof method, 'function', name);
  assert.ok(bench.patch().patched.length > 0, 'something is patched');
  for (const [index, { name, method }] of lookAt(bench).entries()) {
    assert.ok(method !== before[index]!.method, `${name} is replaced`);
  }
  undo();
  assertOriginal(bench);
  for (const [index, { name, descriptor, keys }] of lookAt(bench).entries()) {
    assertSame(descriptor, before[index]!.descriptor, `descriptor of ${name} after undo`);
    assertSame(keys, before[index]!.keys, `members of the owner of ${name} after undo`);
  }
}

const identical: Check = {
  name: 'P9 undo: brings back the identical originals',
  run: (bench) => assertUndone(bench, undoAll),
};

const undoOverride: Check = {
  name: 'P9 undo: undoOverride() of the provider does it as well',
  skip: ({ provider }) => !('undoOverride' in provider) && 'the provider is no BaseProvider',
  run: (bench) => assertUndone(bench, () => (bench.spec.provider as BaseProvider).undoOverride()),
};

const again: Check = {
  name: 'P9 undo: a second patch of the same copy changes nothing',
  run: (bench) => {
    const before = lookAt(bench);
    bench.patch();
    for (const [index, { name, method }] of lookAt(bench).entries()) {
      assert.ok(method === before[index]!.method, `${name} was replaced twice`);
    }
  },
};

const disguised: Check = {
  name: 'P4 transparent: a replaced method looks like the original',
  run: (bench) => {
    const patched = lookAt(bench);
    undoAll();
    const bare = lookAt(bench);
    for (const [index, look] of bare.entries()) {
      const { name, descriptor } = look;
      assertSame(membersOf(patched[index]!.method), membersOf(look.method), `members of ${name}`);
      // A method over an inherited one is one more member of its owner, for as long as it is there.
      if (descriptor === undefined) continue;
      assertSame(patched[index]!.keys, look.keys, `members of the owner of ${name}`);
      const flags = (it: PropertyDescriptor | undefined): object => ({ ...it, value: typeof it?.value });
      assertSame(flags(patched[index]!.descriptor), flags(descriptor), `flags of ${name}`);
    }
  },
};

function membersOf(method: unknown): unknown {
  const members = Object.entries(Object.getOwnPropertyDescriptors(method as object));
  return members.map(([key, { value }]) => [key, typeof value === 'function' ? 'function' : value]);
}

const otherShapes: Check = {
  name: 'P11 unknown: a module of another shape is told of, not thrown on',
  run: (bench) => {
    const { provider } = bench.spec;
    const { OpenAI, Anthropic } = { OpenAI: function () {}, Anthropic: function () {} };
    const shapes = [{}, { default: {} }, { OpenAI, Anthropic }, Object.freeze({ default: null })];
    for (const target of provider.targets) {
      for (const namespace of shapes) {
        const report = provider.patch({ namespace, target });
        assertSame(report.patched, [], `patched in ${JSON.stringify(namespace)}`);
        assert.ok(report.missing.length > 0, 'what is missing is told');
      }
    }
  },
};

export const undo: readonly Check[] = [identical, undoOverride, again, disguised, otherShapes];
