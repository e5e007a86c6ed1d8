/** Explanations of recorded sessions, for `explain()`. Loaded when it is first needed. */
import { explainSession } from '../analysis/explain.ts';
import { explanationMarkdown } from '../analysis/explain-markdown.ts';
import { explanationText } from '../analysis/explain-text.ts';
import type { Explanation } from '../analysis/explanation.ts';
import { recordingsOf, sessionTrees, walkFamily } from '../analysis/family.ts';
import { recordingsFolder } from '../recording/folder.ts';
import { listRecordings } from '../recording/recording-list.ts';
import { readRecording } from '../recording/recording.ts';
import { resolveOptions } from './resolve.ts';

interface Wanted {
  /** Folder of the recordings; when absent, that of the project. */
  dir: string | undefined;
  format: 'object' | 'text' | 'markdown' | undefined;
  /** Whether those that are part of it are explained with it. */
  children: boolean;
}

/** The explanation of the session of an id; undefined when the folder has no recording of it. */
export function explainRecorded(id: string, { dir, format, children }: Wanted): Explanation | string | undefined {
  const summaries = listRecordings(dir ?? recordingsFolder(resolveOptions({}).values.dir));
  const found = sessionTrees(summaries)
    .flatMap((root) => [...walkFamily(root)])
    .find(({ node }) => node.id === id)?.node;
  if (found === undefined) return undefined;
  const [record, ...others] = recordingsOf(children ? found : { ...found, children: [] }).map(({ path }) => readRecording(path));
  if (record === undefined) return undefined;
  const explained = explainSession(record, { children: others });
  if (format === 'text') return explanationText(explained);
  return format === 'markdown' ? explanationMarkdown(explained) : explained;
}
