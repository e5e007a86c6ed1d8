/** The line of the app's code that is asking. */
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';

const FRAMES_MAX = 40;
const OURS = dirname(dirname(fileURLToPath(import.meta.url)));

/** `file:line:column` of the innermost frame that is neither a package's nor ours; relative to the working directory where it is below it. */
export function callSite(): string | undefined {
  const path = appFrame(FRAMES_MAX);
  const here = `${process.cwd()}/`;
  return path?.startsWith(here) === true ? path.slice(here.length) : path;
}

/** Whether code of the app's is running, or waits for what runs. */
export function isAppOnStack(): boolean {
  return appFrame(FRAMES_MAX) !== undefined;
}

function appFrame(frames: number): string | undefined {
  // The app's own way to write stacks is the app's code.
  const { stackTraceLimit, prepareStackTrace } = Error;
  Error.stackTraceLimit = frames;
  Reflect.deleteProperty(Error, 'prepareStackTrace');
  const { stack = '' } = new Error('where');
  Error.stackTraceLimit = stackTraceLimit;
  if (prepareStackTrace !== undefined) Error.prepareStackTrace = prepareStackTrace;
  for (const frame of stack.split('\n').slice(1)) {
    const place = /\(?((?:file:\/\/)?\/?[^\s()]+:\d+:\d+)\)?$/.exec(frame)?.[1];
    if (place === undefined || place.startsWith('node:') || place.includes('/node_modules/')) continue;
    const path = place.startsWith('file://') ? decodeURI(place.slice('file://'.length)) : place;
    if (!path.startsWith(`${OURS}/`)) return path;
  }
  return undefined;
}
