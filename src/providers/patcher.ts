/** Replaces methods of one copy of an SDK, by what is there and not by version, and keeps the report of it. */
import { guard } from '../core/diagnostics.ts';
import { replaceMethod } from '../patch/registry.ts';
import type { Method } from '../patch/registry.ts';
import type { PatchReport } from './provider.ts';

export class Patcher {
  readonly report: PatchReport = { patched: [], missing: [] };
  readonly #sdk: string;

  /** `sdk` goes in front of the labels of its methods. */
  constructor(sdk: string) {
    this.#sdk = sdk;
  }

  /** Replaces the own method `name` of `owner`; what is not there is reported as missing. */
  replace(owner: any, name: string, label: string, make: (original: Method) => Method): void {
    const there = guard('patch.probe', () => isObject(owner) && Object.hasOwn(owner, name), false);
    if (there) guard('patch.replace', () => replaceMethod(owner, name, `${this.#sdk} ${label}`, make), false);
    this.report[there ? 'patched' : 'missing'].push(label);
  }
}

const isObject = (value: unknown): value is object =>
  (typeof value === 'object' && value !== null) || typeof value === 'function';

/** The prototype that a method is defined on; undefined where none has it. */
export function ownerOf(prototype: any, method: string): unknown {
  let at = prototype;
  while (at && !Object.hasOwn(at, method)) at = Object.getPrototypeOf(at);
  return at ?? undefined;
}
