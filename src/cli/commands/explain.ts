/** `hindcast explain`: what happened in a session, the failing step and its cause first. */
import { Option, type Command } from 'commander';
import { explainSession } from '../../analysis/explain.ts';
import { explanationMarkdown } from '../../analysis/explain-markdown.ts';
import { explanationLines } from '../../analysis/explain-text.ts';
import { familyAt, familyOfOne } from '../family.ts';
import { oneLine, printable } from '../printable.ts';
import { openRecording, recordingAt } from '../project.ts';
import type { Style } from '../terminal.ts';
import { does, newVerb, type Call } from '../verb.ts';

const FORMATS = ['text', 'markdown', 'json'] as const;
const STYLES = { headline: 'bold', title: 'cyan', body: null } as const satisfies Record<string, Style | null>;

interface ExplainOptions {
  format?: (typeof FORMATS)[number];
  alone?: boolean;
}

export function verb(): Command {
  const command = newVerb({
    name: 'explain',
    summary: 'what happened in a session, and why it failed',
    description:
      'Says what happened in a session: the failing step and its cause first, then every other failure, every event that is not ok, retries, decisions, ' +
      'signals, runs, what took longest, and what cannot be said. By rules alone: the same recording is always explained alike. ' +
      'Sessions that belong together, also those of several processes, are explained as one. A session that failed is no failure of this verb.',
    examples: [
      ['explain', 'the newest session'],
      ['explain ses_4f1a', 'the session whose id begins so'],
      ['explain ses_4f1a --alone', 'without the other sessions of its family'],
      ['explain last --format markdown > report.md', 'for an issue'],
      ['explain last --json | jq .cause', 'for programs'],
    ],
  })
    .argument('[session]', 'id, the beginning of one, a path, or "last"', 'last')
    .addOption(new Option('--format <format>', 'how it is printed (default: text)').choices(FORMATS))
    .option('--alone', 'without the sessions that it is part of, or that are part of it');
  return does(command, run);
}

function run({ args: [session = 'last'], options, terminal }: Call<ExplainOptions>): number {
  const path = recordingAt(options.dir, session);
  const family = options.alone === true ? familyOfOne(openRecording(path)) : familyAt(path);
  const explained = explainSession(family.first, { children: family.recordings.filter((each) => each !== family.first) });
  const format = options.format ?? (terminal.json ? 'json' : 'text');
  if (format === 'json') terminal.printJson(explained);
  else if (format === 'markdown') terminal.print(printable(explanationMarkdown(explained)).trimEnd());
  else {
    for (const { kind, text } of explanationLines(explained, oneLine)) {
      const style = STYLES[kind];
      terminal.print(style === null ? text : terminal.paint(style, text));
    }
  }
  return 0;
}
