/** What a session says of itself: tags, metadata and links, cleaned and bounded, whatever the app hands over. */
import type { MetadataValue, SessionLink } from '../events/lines.ts';
import type { AgentFacts } from '../events/model.ts';

export interface Said {
  readonly tags: readonly string[];
  readonly metadata: Readonly<Record<string, MetadataValue>>;
  readonly links: readonly SessionLink[];
}

const TAGS_MAX = 100;
const TAG_CHARS_MAX = 200;
const METADATA_MAX = 64;
const METADATA_NAME_CHARS_MAX = 100;
const METADATA_CHARS_MAX = 1000;
const LINKS_MAX = 64;
const URL_CHARS_MAX = 2000;
const LINK_WORDS_CHARS_MAX = 200;
/** A link is somewhere to go to. These run code, or hold the thing itself. */
const NO_PLACE = /^(?:javascript|vbscript|data|blob):/i;

/** Text, bounded; undefined for anything else and for nothing. */
export function textOf(value: unknown, max = 1000): string | undefined {
  if (typeof value !== 'string') return undefined;
  const text = value.trim().slice(0, max);
  return text === '' ? undefined : text;
}

/** An agent by its three words; undefined where none of them is said. */
export function agentFrom(value: unknown): AgentFacts | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  const { id, name, version } = value as Record<string, unknown>;
  const said = { id: textOf(id), name: textOf(name), version: textOf(version) };
  const words = Object.entries(said).filter(([, word]) => word !== undefined);
  return words.length === 0 ? undefined : Object.fromEntries(words);
}

/** At most 100 tags of at most 200 characters, each once. */
export function cleanTags(tags: unknown): string[] {
  const texts = listOf(tags).flatMap((tag) => textOf(isPlain(tag) ? String(tag) : tag, TAG_CHARS_MAX) ?? []);
  return [...new Set(texts)].slice(0, TAGS_MAX);
}

/** `old` with the members of `change`: one that is undefined or null goes away, one that cannot be kept is left as it was. */
export function mergeMetadata(old: Said['metadata'], change: unknown): Record<string, MetadataValue> {
  const all = new Map(Object.entries(old));
  for (const [given, value] of Object.entries(typeof change === 'object' && change !== null ? change : {})) {
    const name = textOf(given, METADATA_NAME_CHARS_MAX);
    if (name === undefined) continue;
    if (value === undefined || value === null) all.delete(name);
    else if (!all.has(name) && all.size >= METADATA_MAX) continue;
    else if (typeof value === 'string') all.set(name, value.slice(0, METADATA_CHARS_MAX));
    else if (isPlain(value)) all.set(name, value);
  }
  return Object.fromEntries(all);
}

/** `old` with a link more; one to the same address is replaced. What leads nowhere is left out. */
export function withLink(old: readonly SessionLink[], link: unknown): readonly SessionLink[] {
  const { url, kind, name } = (typeof link === 'object' && link !== null ? link : {}) as Record<string, unknown>;
  const address = cleanUrl(url);
  if (address === undefined) return old;
  const made: SessionLink = { url: address };
  const [word, title] = [textOf(kind, LINK_WORDS_CHARS_MAX), textOf(name, LINK_WORDS_CHARS_MAX)];
  if (word !== undefined) made.kind = word;
  if (title !== undefined) made.name = title;
  const at = old.findIndex((each) => each.url === address);
  if (at >= 0) return old.with(at, made);
  return old.length >= LINKS_MAX ? old : [...old, made];
}

/** The links of a list, one by one. */
export function cleanLinks(links: unknown): readonly SessionLink[] {
  return listOf(links).reduce<readonly SessionLink[]>((all, link) => withLink(all, link), []);
}

/** Those members of `now` that are not as in `before`. */
export function differing(
  now: Said,
  before: Said,
): Partial<{ tags: string[]; metadata: Record<string, MetadataValue>; links: SessionLink[] }> {
  const out: Record<string, unknown> = {};
  for (const name of ['tags', 'metadata', 'links'] as const) {
    if (now[name] !== before[name] && JSON.stringify(now[name]) !== JSON.stringify(before[name])) out[name] = now[name];
  }
  return out;
}

const listOf = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : typeof value === 'string' ? [value] : []);

const isPlain = (value: unknown): value is number | boolean =>
  typeof value === 'boolean' || (typeof value === 'number' && Number.isFinite(value));

/** An absolute address, without the user and the password in it. */
function cleanUrl(value: unknown): string | undefined {
  const text = value instanceof URL ? value.href : value;
  if (typeof text !== 'string' || text.length > URL_CHARS_MAX || !URL.canParse(text)) return undefined;
  const url = new URL(text);
  if (NO_PLACE.test(url.href)) return undefined;
  if (url.username === '' && url.password === '') return text.trim();
  url.username = url.password = '';
  return url.href;
}
