/** The line of the app's code that is asking. */
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';

const FRAMES_MAX = 40;
const OURS = dirname(dirname(fileURLToPath(import.meta.url)));

/** `file:line:column` of the innermost frame that is neither a package's nor ours; relative to the working directory where it is below it. */
export function callSite(): string | undefined {
  const limit = Error.stackTraceLimit;
  Error.stackTraceLimit = FRAMES_MAX;
  const { stack = '' } = new Error('where');
  Error.stackTraceLimit = limit;
  for (const frame of stack.split('\n').slice(1)) {
    const place = /\(?((?:file:\/\/)?\/?[^\s()]+:\d+:\d+)\)?$/.exec(frame)?.[1];
    if (place === undefined || place.startsWith('node:') || place.includes('/node_modules/')) continue;
    const path = place.startsWith('file://') ? decodeURI(place.slice('file://'.length)) : place;
    if (path.startsWith(`${OURS}/`)) continue;
    const here = `${process.cwd()}/`;
    return path.startsWith(here) ? path.slice(here.length) : path;
  }
  return undefined;
}
