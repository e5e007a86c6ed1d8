/** Overrides: what of a session is to be another, as a file that a person writes. Plain data, of which a plan is made; nothing in it is ever run. */
import type { EditedCompletion } from '../../events/edits.ts';
import { anything, dictionary, flag, list, members, oneOf, text } from './shape.ts';
import type { Fault, Shape } from './shape.ts';

/** A file may be so large, have so many edits, and so many changes in each. */
export const OVERRIDES_BYTES_MAX = 16 << 20;
const EDITS_MAX = 100;
const CHANGES_MAX = 1000;

/** What is another at one event. Without any of the members but `event`, nothing is. */
export interface OverridesEdit {
  event: string;
  /** For whoever reads the file: nothing is done with it. */
  name?: string;
  /** The body of the request as it is to be: what of it differs from the recorded one is changed. */
  request?: unknown;
  set?: Record<string, unknown>;
  replace?: { find: string; with: string }[];
  onward?: boolean;
  /** True: the call is made again, although nothing of it is another. */
  resample?: boolean;
  completion?: EditedCompletion;
  result?: unknown;
}

export interface Overrides {
  $schema?: string;
  version: 1;
  /** The recording that they are for. */
  session: string;
  /** The event from which on the fork may differ; of the first edit unless said. */
  at?: string;
  after?: 'branch' | 'live';
  allow?: string[];
  edits: OverridesEdit[];
}

const eventId = (what: string): Shape =>
  text(`Id of ${what}: \`hindcast show\` tells it.`, 'the id of an event: 16 hex digits', /^[0-9a-f]{16}$/);

const toolCall = members(
  'A tool that the model is made to ask for.',
  { name: text('Name of the tool.', 'the name of a tool', /\S/), arguments: anything('Its arguments, as JSON.') },
  { id: text('Id of the call; made up unless said.', 'an id', /\S/) },
);

/** What a model is made to have said. */
export const COMPLETION: Shape = members(
  'What the model is made to have said: what differs from what it said is changed. No model is asked.',
  {},
  {
    text: text('The text of the answer.', 'text'),
    toolCalls: list('The tools that it asks for: all of them.', toolCall, EDITS_MAX),
    finishReason: text('Why it stopped, in the words of the provider.', 'a word', /\S/),
  },
);

const edit = members(
  'What is another at one event.',
  { event: eventId('the event') },
  {
    name: text('What the event is, for whoever reads this file.', 'text'),
    request: anything('Of a model call, the body of its request as it is to be: what differs from the recorded one is changed.'),
    set: dictionary(
      'Of a model call: values by JSON pointer into the body of its request, such as /temperature; null takes one away.',
      anything('The value.'),
      CHANGES_MAX,
    ),
    replace: list(
      'Of a model call: words in the texts of its request, and what they become.',
      members('Each place that holds `find` holds `with` instead.', {
        find: text('What is looked for, to the letter.', 'text that is not empty', /[\s\S]/),
        with: text('What it becomes.', 'text'),
      }),
      CHANGES_MAX,
    ),
    onward: flag('Whether the request of every later model call is changed in the same way.', false),
    resample: flag('Whether the model is asked again, although nothing is another.', false),
    completion: COMPLETION,
    result: anything('Of a tool: what it is made to have returned, as JSON.'),
  },
);

const OVERRIDES = members(
  'Overrides of `hindcast fork`: what of a recorded session is to be another.',
  {
    version: oneOf('Of this form of file.', [1]),
    session: text('The session that they are for.', 'the id of a session', /^[A-Za-z0-9._-]{1,160}$/),
    edits: list('What is another, event by event.', edit, EDITS_MAX),
  },
  {
    $schema: text('Where this schema is.', 'text'),
    at: eventId('the event from which on the fork may differ; that of the first edit unless said'),
    after: oneOf(
      'Where answers come from after the fork. branch: what still asks as it did is answered from the recording. live: nothing is.',
      ['branch', 'live'],
    ),
    allow: list(
      'Names of tools, and hosts, that may have effects after the fork; * for all.',
      text('A name.', 'the name of a tool or a host, or *', /\S/),
      EDITS_MAX,
    ),
  },
);

/** More are not told at once. */
const FAULTS_TOLD_MAX = 5;

/** What is wrong with a value that should be overrides; none: it is. */
export function overridesFaults(value: unknown): Fault[] {
  const faults: Fault[] = [];
  OVERRIDES.check(value, '', (fault) => {
    if (faults.length < FAULTS_TOLD_MAX) faults.push(fault);
  });
  return faults.length > 0 ? faults : contradictions(value as Overrides);
}

/** Members that say two things of one event. */
function contradictions({ at, edits }: Overrides): Fault[] {
  const faults: Fault[] = [];
  if (edits.length === 0 && at === undefined) faults.push({ at: '', text: 'must say where to fork: "at", or an edit' });
  const seen = new Set<string>();
  for (const [index, each] of edits.entries()) {
    const tell = (text: string): void => void faults.push({ at: `/edits/${index}`, text });
    if (seen.has(each.event)) tell('is of an event that has an edit: put both into one');
    seen.add(each.event);
    if (each.request !== undefined && each.set !== undefined)
      tell('has both request and set: change the request, or set members of it');
    if (each.onward === true && !asksAnew(each))
      tell('holds onward, and changes nothing of a request: that needs request, set, replace or resample');
    if (each.result !== undefined && (each.completion !== undefined || asksAnew(each)))
      tell('has a result, which is of a tool, and what is of a model call');
  }
  return faults.slice(0, FAULTS_TOLD_MAX);
}

const asksAnew = ({ request, set, replace, resample }: OverridesEdit): boolean =>
  request !== undefined || set !== undefined || replace !== undefined || resample === true;

/** docs/overrides.schema.json: what an editor completes. */
export function renderOverridesSchema(): string {
  return `${JSON.stringify({ $schema: 'http://json-schema.org/draft-07/schema#', title: 'Overrides of hindcast fork', ...OVERRIDES.schema }, null, 2)}\n`;
}
