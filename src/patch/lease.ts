/**
 * A member of one object that is another for as long as somebody needs it: for SDKs that keep their `fetch` on each instance, where no prototype can be patched. With the
 * last holder gone, the object is as it was.
 */
import { guard } from '../core/diagnostics.ts';

interface Lease {
  holders: number;
  value: unknown;
  before: PropertyDescriptor | undefined;
}

const leases = new WeakMap<object, Map<PropertyKey, Lease>>();

/** Gives `object` what `make` makes of its `key`, and returns what takes it back; holders at the same time share one. An object that cannot be changed stays as it is. */
export function leaseMember(object: any, key: PropertyKey, make: (original: any) => unknown): () => void {
  let ofObject = leases.get(object);
  if (!ofObject) leases.set(object, (ofObject = new Map()));
  let lease = ofObject.get(key);
  // What somebody has set meanwhile is theirs.
  if (lease !== undefined && object[key] !== lease.value) lease = undefined;
  if (lease === undefined) {
    const before = Object.getOwnPropertyDescriptor(object, key);
    const value = make(object[key]);
    const given = { value, writable: true, configurable: true, enumerable: before?.enumerable ?? false };
    if (before?.configurable === false || !Reflect.defineProperty(object, key, given)) return () => {};
    ofObject.set(key, (lease = { holders: 0, value, before }));
  }
  const held = lease;
  held.holders++;
  let returned = false;
  return () => {
    if (returned) return;
    returned = true;
    if (--held.holders === 0) guard('patch.lease', () => giveBack(object, key, held), undefined);
  };
}

function giveBack(object: any, key: PropertyKey, lease: Lease): void {
  const ofObject = leases.get(object);
  if (ofObject?.get(key) === lease) ofObject.delete(key);
  if (Object.getOwnPropertyDescriptor(object, key)?.value !== lease.value) return;
  if (lease.before === undefined) delete object[key];
  else Object.defineProperty(object, key, lease.before);
}
