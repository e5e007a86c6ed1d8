/** Changes the body of a request as an edit says: members by JSON pointer, and words in its texts. Pure. */
import { putAt } from '../core/json-pointer.ts';
import type { RequestChange } from '../events/edits.ts';

export interface ChangedBody {
  /** A copy; what was given is as it was. */
  body: unknown;
  /** What of the change does not fit this body: sentences for a person. Later calls that are changed like an earlier one need not have what that had. */
  faults: string[];
}

/** The body with everything changed that can be. */
export function changeBody(given: unknown, { set = {}, replace = [] }: RequestChange): ChangedBody {
  let body = structuredClone(given);
  const faults: string[] = [];
  for (const [pointer, value] of Object.entries(set)) {
    const fault = putAt(body, pointer, value === null ? undefined : value);
    if (fault !== null) faults.push(`${pointer} cannot be set: ${fault}`);
  }
  for (const { find, with: by } of replace) {
    const found = { places: 0 };
    body = replaced(body, find, by, found);
    if (found.places === 0) faults.push(`none of its texts holds ${JSON.stringify(find)}`);
  }
  return { body, faults };
}

/** Every text in a value but the names of members. */
function replaced(value: unknown, find: string, by: string, found: { places: number }): unknown {
  if (typeof value === 'string') {
    if (find === '' || !value.includes(find)) return value;
    found.places++;
    return value.replaceAll(find, () => by);
  }
  if (Array.isArray(value)) return value.map((each) => replaced(each, find, by, found));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, replaced(each, find, by, found)]));
}
