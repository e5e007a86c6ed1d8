/** Scrubbed copies of recordings that go out of this machine together: the same secret has the same number in all of them. */
import { mkdtempSync } from 'node:fs';
import { homedir } from 'node:os';
import { basename, join } from 'node:path';
import { count } from '../analysis/figures.ts';
import { SECRET_KINDS } from '../core/secrets.ts';
import type { ScrubNote, Shared } from '../recording/portable-file.ts';
import { learnRecording, scrubRecording } from '../recording/scrub-recording.ts';
import { Scrubber } from '../recording/scrub-text.ts';
import { verifyRecording } from '../recording/verify.ts';
import { showProgress } from './progress.ts';
import type { Terminal } from './terminal.ts';

/** What is scrubbed beyond the built-in patterns. */
export interface ScrubWishes {
  also?: readonly RegExp[];
  emails?: boolean;
  stripContent?: boolean;
}

/** Copies recordings into `folder`, and says what was replaced. */
export function scrubCopies(
  recordings: readonly Shared[],
  folder: string,
  { also = [], emails = false, stripContent = false }: ScrubWishes,
  terminal: Terminal,
): { recordings: Shared[]; scrub: ScrubNote } {
  const scrubber = new Scrubber({ also, emails });
  scrubber.homes.learn(homedir());
  const progress = showProgress('scrubbing', recordings.length * 2, terminal);
  try {
    for (const [done, { path }] of recordings.entries()) {
      progress.at(done);
      learnRecording(path, scrubber);
    }
    const copies = recordings.map(({ id, path }, index) => {
      progress.at(recordings.length + index);
      // Recordings of several clients of a process may have one name.
      const to = join(mkdtempSync(join(folder, 'scrubbed-')), basename(path));
      scrubRecording(path, to, { scrubber, stripContent });
      if (verifyRecording(to).state === 'damaged') throw new Error(`the scrubbed copy of ${id} is not sound`);
      return { id, path: to };
    });
    const rules = [
      ...SECRET_KINDS,
      'home-path',
      ...(emails ? ['email'] : []), // The patterns themselves may name what nobody is to read.
      ...(also.length > 0 ? [`custom (${count(also.length, 'pattern')})`] : []),
      ...(stripContent ? ['strip-content'] : []),
    ];
    return { recordings: copies, scrub: { rules, counts: scrubber.counts } };
  } finally {
    progress.close();
  }
}
