/** The flags of `hindcast fork` that say what is to be another, as an edit of an overrides file. */
import { CliFailure } from '../failure.ts';
import { readShaped } from '../overrides/overrides-file.ts';
import { COMPLETION } from '../overrides/overrides.ts';
import type { OverridesEdit } from '../overrides/overrides.ts';
import type { EditedCompletion } from '../../events/edits.ts';

export interface EditFlags {
  model?: string;
  set?: string[];
  replace?: string[];
  text?: string;
  completion?: string;
  result?: string;
  onward?: boolean;
  resample?: boolean;
}

const EDITS = ['model', 'set', 'replace', 'text', 'completion', 'result', 'onward', 'resample'] as const;

/** Those of the flags that are given, as they are typed. */
export function givenEdits(flags: EditFlags): string[] {
  return EDITS.filter((name) => flags[name] !== undefined).map((name) => `--${name}`);
}

/** The edit that the flags say of an event. A flag that says nothing is a failure. */
export function editOfFlags(event: string, flags: EditFlags): OverridesEdit {
  const { model, set: setters = [], replace = [], text, completion: file, result, onward, resample } = flags;
  const set = Object.fromEntries([...(model === undefined ? [] : [['/model', model] as const]), ...setters.map(setterOf)]);
  const completion = { ...(file !== undefined && completionIn(file)), ...(text !== undefined && { text }) };
  return {
    event,
    ...(Object.keys(set).length > 0 && { set }),
    ...(replace.length > 0 && { replace: replace.map(replacementOf) }),
    ...((file ?? text) !== undefined && { completion }),
    ...(result !== undefined && { result: jsonOf('--result', result) }),
    ...(onward === true && { onward }),
    ...(resample === true && { resample }),
  };
}

function setterOf(given: string): [pointer: string, value: unknown] {
  const at = given.indexOf('=');
  if (at < 1 || !given.startsWith('/'))
    throw new CliFailure(`--set ${given} is no pointer with a value`, { hint: 'Write it so: --set /temperature=0', exitCode: 2 });
  return [given.slice(0, at), jsonOf(`--set ${given.slice(0, at)}`, given.slice(at + 1))];
}

function replacementOf(given: string): { find: string; with: string } {
  const at = given.indexOf('=>');
  if (at < 1)
    throw new CliFailure(`--replace ${given} does not say what becomes of what`, {
      hint: "Write it so: --replace 'polite=>terse'. Texts in which => stands go into a file: --edits",
      exitCode: 2,
    });
  return { find: given.slice(0, at), with: given.slice(at + 2) };
}

function jsonOf(flag: string, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new CliFailure(`${flag}: ${text} is no JSON`, {
      hint: `A text stands in quotation marks: '${JSON.stringify(text)}'`,
      exitCode: 2,
      cause,
    });
  }
}

const completionIn = (path: string): EditedCompletion =>
  readShaped(path, COMPLETION, 'It is a JSON object with text, toolCalls or finishReason.') as EditedCompletion;
