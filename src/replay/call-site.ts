/** The line of the app's code that is asking. */
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';

/** How the stack of an error is written. */
type WriteStack = (error: Error, frames: NodeJS.CallSite[]) => unknown;

const FRAMES_MAX = 40;
/** Ours, and those of who called: the loader makes thousands of promises before a program begins. */
const NEAR_FRAMES_MAX = 10;
const LOADER = 'node:internal/modules/';
const TRANSLATORS = /\/node_modules\/(tsx|ts-node|esbuild-register|@swc-node\/register|@babel\/register)\//;
/** Of a stack, as Node writes it. */
const LINE = /^ +at /;
/** Code that was given as text is the app's. */
const EVALUATED = '<anonymous>';
const OURS_URL = new URL('..', import.meta.url).href;
const OURS = dirname(dirname(fileURLToPath(import.meta.url)));

/** `file:line:column` of the innermost frame that is neither a package's nor ours; relative to the working directory where it is below it. */
export function callSite(): string | undefined {
  const path = appPathIn(framesOf(FRAMES_MAX));
  const here = `${process.cwd()}/`;
  return path?.startsWith(here) === true ? path.slice(here.length) : path;
}

/** Whose code is running, or waits for what runs: the app's, Node's module loader's, or that of neither, such as a package's. */
export function whoRuns(): 'app' | 'loader' | 'others' {
  const nearest = filesOrLines(NEAR_FRAMES_MAX);
  if (nearest.some(isApp)) return 'app';
  if (nearest.some((file) => file.includes(LOADER))) return 'loader';
  return filesOrLines(FRAMES_MAX).some(isApp) ? 'app' : 'others';
}

/** The files of a stack; where sources are mapped, its lines, which name those that were mapped. */
const filesOrLines = (frames: number): string[] => (process.sourceMapsEnabled ? framesOf(frames) : filesOf(frames));

/** Whether a file, or the line of a stack, is the app's. */
function isApp(file: string): boolean {
  if (LINE.test(file)) return appPathIn([file]) !== undefined;
  const isOurs = file.startsWith(OURS_URL) || file.startsWith(`${OURS}/`);
  return file !== '' && !isOurs && !/^(node|wasm):/.test(file) && !file.includes('/node_modules/');
}

/** Whether Node's module loader is asking, which is none of the app's. */
export function isLoaderAsking(): boolean {
  const caller = filesOf(NEAR_FRAMES_MAX).find((file) => !file.includes(`${OURS}/`));
  return caller?.includes(LOADER) === true;
}

/** Whether a loader that translates files (tsx, ts-node, ...) is asking: it asks whom it has not asked before, which the next run has in a cache. */
export function isTranslating(): boolean {
  return filesOf().some((file) => TRANSLATORS.test(file));
}

/** The lines of a stack, as sources are mapped. */
const framesOf = (frames: number): string[] => linesOf(stackOf(frames));

/** The files of a stack, in a third of the time that its lines take. Where nobody may say how a stack is written, its lines. */
export function filesOf(frames = FRAMES_MAX): string[] {
  const files = stackOf(frames, fileNames);
  return Array.isArray(files) ? (files as string[]) : linesOf(files);
}

const linesOf = (stack: unknown): string[] => String(stack).split('\n').slice(1);

const fileNames = (_error: Error, frames: NodeJS.CallSite[]): string[] =>
  frames.map((frame) => frame.getFileName() ?? (frame.isEval() ? EVALUATED : ''));

/** The stack, written by `write` or as Node does: the app's own way to write stacks is the app's code. */
function stackOf(frames: number, write?: WriteStack): unknown {
  const { stackTraceLimit, prepareStackTrace } = Error;
  // Where `Error` is frozen, none of this throws.
  Reflect.set(Error, 'stackTraceLimit', frames);
  setPrepare(write);
  const { stack } = new Error('where');
  Reflect.set(Error, 'stackTraceLimit', stackTraceLimit);
  setPrepare(prepareStackTrace);
  return stack;
}

function setPrepare(prepare: WriteStack | undefined): void {
  if (prepare === undefined) Reflect.deleteProperty(Error, 'prepareStackTrace');
  else Reflect.set(Error, 'prepareStackTrace', prepare);
}

function appPathIn(frames: readonly string[]): string | undefined {
  for (const frame of frames) {
    const place = /\(?((?:file:\/\/)?\/?[^\s()]+:\d+:\d+)\)?$/.exec(frame)?.[1];
    if (place === undefined || place.startsWith('node:') || place.includes('/node_modules/')) continue;
    const path = place.startsWith('file://') ? decodeURI(place.slice('file://'.length)) : place;
    if (!path.startsWith(`${OURS}/`)) return path;
  }
  return undefined;
}
