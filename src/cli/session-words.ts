/** What there is to say about a session as a whole. */
import type { EndLine, SessionLine } from '../events/lines.ts';
import { basename } from 'node:path';
import type { RecordingState } from '../recording/recording.ts';
import type { Style } from './terminal.ts';
import { oneLine } from './printable.ts';

/** One word for how a session stands, and its colour: `running`, `ok`, `failed`, `ended` (nobody said how), `crashed`, `damaged`. */
export function stateWord(state: RecordingState, end: Pick<EndLine, 'state'> | undefined): { text: string; style: Style } {
  if (state === 'damaged') return { text: 'damaged', style: 'red' };
  if (state === 'crashed') return { text: 'crashed', style: 'red' };
  if (state === 'recording' || !end) return { text: 'running', style: 'cyan' };
  if (end.state === 'success') return { text: 'ok', style: 'green' };
  return end.state === 'failure' ? { text: 'failed', style: 'red' } : { text: 'ended', style: 'yellow' };
}

/** Why a session ended, where that says more than its state: `exit code 3`, `SIGTERM`, `exception`. */
export function endWords(end: Pick<EndLine, 'state' | 'reason' | 'exitCode' | 'signal'> | undefined): string {
  if (!end) return '';
  const parts = [
    end.reason === 'ended' ? '' : end.reason.replaceAll('_', ' '),
    end.signal ?? '',
    end.exitCode ? `exit code ${end.exitCode}` : '',
  ];
  return oneLine(parts.filter(Boolean).join(', '));
}

/** The id of a recording: its file name. */
export function idOf(path: string): string {
  return basename(path, '.jsonl');
}

/** Who ran: the agent, else the name of the session, else the service, else the program. */
export function whoRan(header: SessionLine): string {
  const { agent, name, service } = header;
  const who = agent?.name ?? agent?.id;
  if (who !== undefined) return oneLine(agent?.version === undefined ? who : `${who} ${agent.version}`);
  return oneLine(name ?? service ?? programOf(header));
}

/** `agent.ts`: the file of the command line, without its folders; empty when it was not recorded. */
export function programOf({ argv = [] }: SessionLine): string {
  const file = argv.slice(1).find((arg) => !arg.startsWith('-')) ?? argv[0] ?? '';
  return oneLine(file.split(/[\\/]/).at(-1) ?? '');
}
