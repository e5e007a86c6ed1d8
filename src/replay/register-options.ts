/** How hindcast gets into a Node process that somebody starts: `--import hindcast/register`, by the path of this installation. */
import { existsSync } from 'node:fs';

/** Where the file lies, seen from this one: in the sources and in the package one folder up, in `testing.js` beside it. */
const PLACES = ['../', './'];

/** `NODE_OPTIONS` with `--import hindcast/register` after what is there. */
export function registerOptions(before: string | undefined = process.env['NODE_OPTIONS']): string {
  // From the sources it is register.ts, in the package register.js.
  const name = import.meta.url.endsWith('.ts') ? 'register.ts' : 'register.js';
  const urls = PLACES.map((place) => new URL(`${place}${name}`, import.meta.url));
  const register = urls.find((url) => existsSync(url)) ?? urls[0]!;
  return [before, `--import ${register.href}`].filter(Boolean).join(' ');
}
