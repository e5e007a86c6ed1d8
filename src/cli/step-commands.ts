/** The commands of the debugger: one table, for whoever types them and for the help. */

export interface StepCommand {
  name: string;
  /** What is typed instead. In a terminal, one letter needs no Enter. */
  key: string;
  /** What stands behind it. */
  takes?: string;
  meaning: string;
  /** An empty line repeats it. */
  moves?: true;
}

/** In the order of the help. */
export const COMMANDS: readonly StepCommand[] = [
  { name: 'next', key: 'n', meaning: 'the next moment; at the end of a session that is being recorded, reads on', moves: true },
  { name: 'back', key: 'p', meaning: 'the moment before', moves: true },
  { name: 'into', key: 'i', meaning: 'where the first event inside of this one begins', moves: true },
  { name: 'out', key: 'o', meaning: 'where the event around this one ends', moves: true },
  { name: 'up', key: 'u', meaning: 'where the event around this one begins', moves: true },
  { name: 'over', key: 'v', meaning: 'the next moment that is not inside of this event', moves: true },
  { name: 'reverse-over', key: 'rv', meaning: 'the moment before that is not inside of this event', moves: true },
  {
    name: 'jump',
    key: 'j',
    takes: '<n>',
    meaning: 'where event n of `hindcast show` begins; "j 7 end": where it ends; "j @12": moment 12',
  },
  { name: 'first', key: 'g', meaning: 'the first moment' },
  { name: 'last', key: 'G', meaning: 'the last moment' },
  {
    name: 'continue',
    key: 'c',
    takes: '[breakpoint]',
    meaning: 'on to the next breakpoint, or to the one that is given',
    moves: true,
  },
  { name: 'reverse-continue', key: 'rc', takes: '[breakpoint]', meaning: 'back to the breakpoint before', moves: true },
  { name: 'break', key: 'b', takes: '[breakpoint]', meaning: 'sets a breakpoint; alone, lists them' },
  { name: 'delete', key: 'db', takes: '[n]', meaning: 'deletes a breakpoint; alone, all of them' },
  { name: 'state', key: 's', meaning: 'what stands so: clock, open events, tool calls, totals' },
  { name: 'messages', key: 'm', meaning: 'the whole context of the model call, or of the last one before' },
  { name: 'diff', key: 'd', meaning: 'what changed in the context since the model call before' },
  { name: 'tree', key: 't', meaning: 'the events around this one' },
  { name: 'logs', key: 'l', meaning: 'what was printed so far' },
  { name: 'explain', key: 'e', meaning: 'why the session failed, as `hindcast explain` says it' },
  { name: 'help', key: 'h', meaning: 'this' },
  { name: 'quit', key: 'q', meaning: 'ends' },
];

const OTHER_NAMES: Readonly<Record<string, string>> = { prev: 'back', previous: 'back', exit: 'quit', '?': 'help' };
const BY_WORD = new Map([
  ...COMMANDS.flatMap(({ name, key }) => [[name, name] as const, [key, name] as const]),
  ...Object.entries(OTHER_NAMES),
]);

/** Commands that an empty line repeats. */
export const MOVES: ReadonlySet<string> = new Set(COMMANDS.flatMap(({ name, moves }) => (moves ? [name] : [])));

/** The name of the command that a word means. */
export function commandOf(word: string): string | undefined {
  return BY_WORD.get(word);
}
