/** A fork in a few words: what was edited where. */
import { dirname, join } from 'node:path';
import { existsSync } from 'node:fs';
import type { ForkFacts, PlannedEdit, RequestChange } from '../../events/edits.ts';
import type { Recording } from '../../recording/recording.ts';
import { clip, oneLine } from '../printable.ts';
import { familyAt } from '../family.ts';
import { walk } from '../tree.ts';

/** Texts of an edit are cut to so many cells. */
const TEXT_CELLS = 40;
/** Parts of an edit that are said. */
const PARTS_MAX = 3;

/** Names of events by id: `#7 chat gpt-4.1-mini`. */
export type EventWords = (id: string) => string;

/** `model "gpt-5"`, `answer "Sold out."`, `result {"saved":true}`, `asked again`; nothing where only the code may be another. */
export function editWords(edit: PlannedEdit): string {
  if (edit.kind === 'result') return `result ${short(edit.result)}`;
  if (edit.kind === 'completion') {
    const { text, toolCalls, finishReason } = edit.completion ?? {};
    const parts = [
      text === undefined ? '' : `answer ${short(text)}`,
      toolCalls === undefined
        ? ''
        : `asks for ${clip(oneLine(toolCalls.map(({ name }) => name).join(', ')), TEXT_CELLS) || 'nothing'}`,
      finishReason === undefined ? '' : `finish ${short(finishReason)}`,
    ];
    return parts.filter(Boolean).join(', ');
  }
  const what = changeWords(edit.change ?? {});
  return edit.onward === true ? `${what}, and so onward` : what;
}

function changeWords({ set = {}, replace = [] }: RequestChange): string {
  const parts = [
    ...Object.entries(set).map(([at, value]) => (value === null ? `without ${placeOf(at)}` : `${placeOf(at)} ${short(value)}`)),
    ...replace.map(({ find, with: by }) => `${short(find)} → ${short(by)}`),
  ];
  const more = parts.length > PARTS_MAX ? ` and ${parts.length - PARTS_MAX} more` : '';
  return parts.length === 0 ? 'asked again' : parts.slice(0, PARTS_MAX).join(', ') + more;
}

/** All edits of a fork; those at other events than where it was forked say which. Behind them, what holds onward since an earlier fork. */
export function editsWords({ at, edits, onward = [] }: Pick<ForkFacts, 'at' | 'edits' | 'onward'>, words: EventWords): string {
  const own = edits.filter((edit) => edit.kind === 'request' && edit.onward === true).length;
  return [
    ...(edits.length === 0 ? ['no edit'] : []),
    ...edits.map((edit) => (edit.event === at ? editWords(edit) : `${words(edit.event)}: ${editWords(edit)}`)),
    ...onward.slice(0, onward.length - own).map((change) => `still ${changeWords(change)}`),
  ].join('; ');
}

/** A member of the request by its name alone, what is deeper by its pointer. */
const placeOf = (pointer: string): string => oneLine(pointer.replace(/^\/(?=[^/]*$)/, ''));

const short = (value: unknown): string => clip(oneLine(JSON.stringify(value) ?? ''), TEXT_CELLS);

/** The words of the events of the session in `path`, numbered as `show` does; of an event or a session that is not there, its id. */
export function eventWordsOf(path: string): EventWords {
  const words = new Map<string, string>();
  try {
    if (existsSync(path))
      for (const { node } of walk(familyAt(path).tree)) words.set(node.id, `#${node.number} ${oneLine(node.name)}`);
  } catch {
    // Damaged, or gone meanwhile: then ids have to do.
  }
  return (id) => words.get(id) ?? `event ${id}`;
}

/** Of forks: where what each event was given came from; a call of which one attempt was sent was sent. */
export function sourcesOf(recordings: readonly Pick<Recording, 'header' | 'exchanges' | 'events'>[]): Map<string, string> {
  const sources = new Map<string, string>();
  for (const { header, exchanges, events } of recordings) {
    if (header.fork === undefined) continue;
    for (const { id, edited } of events) if (edited) sources.set(id, 'edit');
    for (const { on, from, edited } of exchanges.values()) {
      if (on === undefined || sources.get(on) === 'sent') continue;
      if (from === undefined) sources.set(on, 'sent');
      else if (edited) sources.set(on, 'edit');
      else if (!sources.has(on)) sources.set(on, 'recording');
    }
  }
  return sources;
}

/** `fork of ses_4f1a at #7 chat gpt-4.1-mini: model "gpt-5"`, of the recording at `path`. */
export function forkLine(path: string, fork: ForkFacts): string {
  const words = eventWordsOf(join(dirname(path), `${forkedOf(fork)}.jsonl`));
  if (fork.at === undefined) return `replay of ${oneLine(fork.of)} that went on where it left it`;
  const what = `${words(fork.at)}: ${editsWords(fork, words)}`;
  if (fork.beside === undefined) return `fork of ${oneLine(fork.of)} at ${what}`;
  const own = fork.of === fork.beside ? 'of no session of its parent' : `of ${oneLine(fork.of)}`;
  return `${own}, in a process in which ${oneLine(fork.beside)} was forked at ${what}`;
}

/** The recording that was forked: that of the session itself, or of another one of its process. */
export const forkedOf = ({ of, beside }: Pick<ForkFacts, 'of' | 'beside'>): string => beside ?? of;
