/** What a person wants to be another at an event becomes an edit of a plan, or is refused with the reason. */
import { isDeepStrictEqual } from 'node:util';
import { pointerTo } from '../../core/json-pointer.ts';
import type { EditedCompletion, PlannedEdit, RequestChange } from '../../events/edits.ts';
import { changeBody } from '../../replay/request-change.ts';
import type { OverridesEdit } from '../overrides/overrides.ts';
import { isObject } from '../overrides/shape.ts';
import type { ForkPoint } from './fork-point.ts';

/** The edits that it comes to; none where nothing is another; or a sentence that says why it cannot be. */
export function plannedEdits(point: ForkPoint, edit: OverridesEdit): PlannedEdit[] | string {
  const type = point.event?.type;
  if (edit.result !== undefined) return type === 'tool' ? ofTool(point, edit.result) : notOf(point, 'a tool returns a result');
  const isOfModel = ['request', 'set', 'replace', 'resample', 'completion'].some((name) => Object.hasOwn(edit, name));
  if (!isOfModel) return [];
  return type === 'llm' ? ofModel(point, edit) : notOf(point, 'a model call has a request and a completion');
}

function notOf({ words, event }: ForkPoint, what: string): string {
  const is =
    event === undefined
      ? 'never ended'
      : event.type === 'llm'
        ? 'is a model call'
        : event.type === 'tool'
          ? 'is a tool call'
          : `is of type ${event.type}`;
  return `${words} ${is}: only ${what}`;
}

function ofTool({ id, event }: ForkPoint, result: unknown): PlannedEdit[] {
  const isSame = event?.status === 'ok' && isDeepStrictEqual(result, event.content?.result);
  return isSame ? [] : [{ event: id, kind: 'result', result }];
}

function ofModel(point: ForkPoint, edit: OverridesEdit): PlannedEdit[] | string {
  const { id, words } = point;
  const completion = edit.completion === undefined ? {} : changedCompletion(point.completion ?? {}, edit.completion);
  const isAnother = edit.request !== undefined && !isDeepStrictEqual(edit.request, point.request);
  const isAsked =
    edit.resample === true || isAnother || Object.keys(edit.set ?? {}).length > 0 || (edit.replace?.length ?? 0) > 0;
  if (Object.keys(completion).length > 0) {
    if (isAsked) return `${words} has an edited answer, so that nobody is asked: its request cannot be another as well`;
    if (point.completion === undefined)
      return `the answer of ${words} cannot be edited: it is not made of text and tool calls, or was not given by fetch`;
    return [{ event: id, kind: 'completion', completion }];
  }
  if (!isAsked) return [];
  if (point.request === undefined) return `the request of ${words} cannot be edited: it was not made by fetch, or is no JSON`;
  return ofRequest(point, edit);
}

function ofRequest({ id, words, asked, request }: ForkPoint, edit: OverridesEdit): PlannedEdit[] | string {
  const { replace = [] } = edit;
  // What an edit of a fork had changed already stays so, unless this one says otherwise.
  const before = edit.request === undefined ? settersOf(asked, request) : {};
  const own = edit.request === undefined ? (edit.set ?? {}) : settersOf(asked, edit.request);
  const whole = changeOf({ ...before, ...own }, replace);
  const { faults } = changeBody(asked, whole);
  if (faults.length > 0) return `${words}: ${faults.join('; ')}`;
  if (edit.onward !== true) return [{ event: id, kind: 'request', change: whole }];
  // It was changed at this call alone: that is no matter of later ones.
  const here: PlannedEdit[] =
    Object.keys(before).length === 0 ? [] : [{ event: id, kind: 'request', change: changeOf(before, []) }];
  return [...here, { event: id, kind: 'request', change: changeOf(own, replace), onward: true }];
}

function changeOf(set: Record<string, unknown>, replace: NonNullable<RequestChange['replace']>): RequestChange {
  return { ...(Object.keys(set).length > 0 && { set }), ...(replace.length > 0 && { replace }) };
}

function changedCompletion(recorded: EditedCompletion, given: EditedCompletion): EditedCompletion {
  const { text, toolCalls, finishReason } = given;
  return {
    ...(text !== undefined && text !== recorded.text && { text }),
    ...(toolCalls !== undefined && !isDeepStrictEqual(toolCalls, recorded.toolCalls ?? []) && { toolCalls }),
    ...(finishReason !== undefined && finishReason !== recorded.finishReason && { finishReason }),
  };
}

/** What is to be set to make one body of another; nothing where there is no other. */
function settersOf(before: unknown, after: unknown): Record<string, unknown> {
  const set: Record<string, unknown> = {};
  if (after !== undefined) putSetters(before, after, '', set);
  return set;
}

/** As near to the leaves as can be. */
function putSetters(before: unknown, after: unknown, at: string, set: Record<string, unknown>): void {
  if (isDeepStrictEqual(before, after)) return;
  if (isObject(before) && isObject(after)) {
    for (const name of new Set([...Object.keys(before), ...Object.keys(after)]))
      putSetters(before[name], Object.hasOwn(after, name) ? after[name] : null, pointerTo(at, name), set);
  } else if (Array.isArray(before) && Array.isArray(after) && before.length === after.length) {
    for (const [index, each] of before.entries()) putSetters(each, after[index], pointerTo(at, index), set);
  } else set[at] = after;
}
