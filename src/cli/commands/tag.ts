/** `hindcast tag`: tags, metadata and links of a session that has ended. */
import type { Command } from 'commander';
import type { MetadataValue, SessionLink } from '../../events/lines.ts';
import { retagRecording, type Retagged, type SessionWords } from '../../recording/tag-recording.ts';
import { CliFailure } from '../failure.ts';
import { oneLine } from '../printable.ts';
import { recordingAt } from '../project.ts';
import { idOf } from '../session-words.ts';
import { does, newVerb, type Call } from '../verb.ts';

/** As `init()` takes them. */
const TAGS_MAX = 100;
const TAG_UNITS_MAX = 200;

interface TagOptions {
  remove?: boolean;
  meta?: string[];
  link?: string[];
}

export function verb(): Command {
  const command = newVerb({
    name: 'tag',
    summary: 'add tags to a session, or take them away',
    description:
      'Adds tags to a session that has ended, or whose process died, by one further line in its recording. Without tags, prints those that it has. ' +
      'Metadata and links are for recordings with content only.',
    examples: [
      ['tag last reviewed', 'add a tag to the newest session'],
      ['tag ses_4f1a bug-12 keep', 'add two'],
      ['tag ses_4f1a keep --remove', 'take one away'],
      ['tag last --meta ticket=OPS-7', 'say something else of it'],
      ['tag last --link https://ci.example/run/7', 'link what belongs to it'],
    ],
  })
    .argument('<session>', 'id, the beginning of one, a path, or "last"')
    .argument('[tag...]', 'tags')
    .option('-r, --remove', 'take the tags away (with --meta key and --link url: those too)')
    .option('--meta <key=value>', 'metadata; may be repeated', gather)
    .option('--link <url>', 'a link; may be repeated', gather);
  return does(command, run);
}

function gather(text: string, texts: string[] = []): string[] {
  return [...texts, text];
}

function run({ args, options, terminal }: Call<TagOptions>): number {
  const [session = '', ...tags] = args;
  const change = changeOf(tags, options);
  const path = recordingAt(options.dir, session);
  const id = idOf(path);
  const result = retagRecording(path, change);
  if (!('words' in result)) throw refusal(id, result.outcome);
  const { words, outcome } = result;
  if (terminal.json) {
    terminal.printJson({ id, path, changed: outcome === 'written', ...words });
    return 0;
  }
  const said = [
    ...words.tags,
    ...Object.entries(words.metadata).map(([key, value]) => `${key}=${value}`),
    ...words.links.map(({ url }) => url),
  ];
  const mark = outcome === 'written' ? `${terminal.paint('green', '✓')} ` : '';
  terminal.print(`${mark}${oneLine(id)}  ${said.length === 0 ? terminal.paint('dim', 'no tags') : oneLine(said.join(', '))}`);
  return 0;
}

/** What is to become of what a session says of itself. */
function changeOf(tags: string[], { remove, meta = [], link = [] }: TagOptions): (words: SessionWords) => SessionWords {
  for (const tag of tags) {
    if (tag.trim() === '' || tag.length > TAG_UNITS_MAX)
      throw new CliFailure(`A tag has 1 to ${TAG_UNITS_MAX} characters.`, { exitCode: 2 });
  }
  if (remove) {
    const keys = new Set(meta.map((pair) => pair.split('=', 1)[0]));
    return (words) => ({
      tags: words.tags.filter((tag) => !tags.includes(tag)),
      metadata: Object.fromEntries(Object.entries(words.metadata).filter(([key]) => !keys.has(key))),
      links: words.links.filter(({ url }) => !link.includes(url)),
    });
  }
  const pairs = meta.map(pairOf);
  const links = link.map(linkOf);
  return (words) => {
    const all = [...new Set([...words.tags, ...tags])];
    if (all.length > TAGS_MAX) throw new CliFailure(`A session has at most ${TAGS_MAX} tags.`);
    return {
      tags: all,
      metadata: { ...words.metadata, ...Object.fromEntries(pairs) },
      links: [...words.links, ...links.filter(({ url }) => !words.links.some((known) => known.url === url))],
    };
  };
}

function pairOf(text: string): [string, MetadataValue] {
  const at = text.indexOf('=');
  if (at < 1) throw new CliFailure(`"${text}" is not key=value.`, { exitCode: 2 });
  const value = text.slice(at + 1);
  const number = /^-?\d+(\.\d+)?$/.test(value) ? Number(value) : undefined;
  // A number that would be printed otherwise than it was typed, such as a long id, is a text.
  const typed =
    number !== undefined && String(number) === value ? number : value === 'true' ? true : value === 'false' ? false : value;
  return [text.slice(0, at), typed];
}

function linkOf(url: string): SessionLink {
  if (!URL.canParse(url)) throw new CliFailure(`"${url}" is not a URL.`, { exitCode: 2 });
  return { url };
}

function refusal(id: string, outcome: Exclude<Retagged, { words: unknown }>['outcome']): CliFailure {
  switch (outcome) {
    case 'recording':
      return new CliFailure(`${id} is being recorded.`, {
        hint: 'Tag it when it has ended, or from the program itself: addTags().',
      });
    case 'damaged':
      return new CliFailure(`${id} is damaged.`, { hint: `First keep what is sound: hindcast repair ${id}` });
    case 'torn':
      return new CliFailure(`The last line of ${id} was cut off, when its process died.`, {
        hint: `First take it away: hindcast repair ${id}`,
      });
    case 'busy':
      return new CliFailure(`${id} is being tagged by another process.`, { hint: 'Try again.' });
    case 'without-content':
      return new CliFailure(`${id} was recorded without content, so it has no metadata and no links.`);
  }
}
