/** `explain()`: what happened in a session, and why it failed. */
import type { Explanation } from '../analysis/explanation.ts';
import { reportFault } from '../core/diagnostics.ts';
import { currentSession, getSession, liveSession } from '../session/sessions.ts';

export interface ExplainOptions {
  /** `text` and `markdown` give a string to print or to post; without it, the explanation is an object. */
  format?: 'object' | 'text' | 'markdown';
  /** With all sessions that are part of it, of other processes too, as far as their recordings lie in the same folder. */
  children?: boolean;
}

type AsText = ExplainOptions & { format: 'text' | 'markdown' };

/**
 * Explains a session from its recording: without an id, the one that the running code is in, as far as it has come. Undefined where there is no recording of it. By rules alone,
 * with no call to a model. Never rejects. Reads recordings, so it takes time where they are many: nothing for the path of a request.
 */
export function explain(options: AsText): Promise<string | undefined>;
export function explain(sessionId: string | undefined, options: AsText): Promise<string | undefined>;
export function explain(options: ExplainOptions & { format?: 'object' }): Promise<Explanation | undefined>;
export function explain(sessionId?: string, options?: ExplainOptions & { format?: 'object' }): Promise<Explanation | undefined>;
export async function explain(
  first?: string | ExplainOptions,
  second: ExplainOptions = {},
): Promise<Explanation | string | undefined> {
  try {
    // JavaScript lets anything through.
    const options = (typeof first === 'object' ? first : second) as ExplainOptions | null;
    const sessionId = typeof first === 'string' ? first : undefined;
    const here = liveSession(currentSession());
    const known = sessionId === undefined ? undefined : getSession(sessionId);
    const session = sessionId === undefined ? here : known && liveSession(known);
    const id = session?.id ?? sessionId;
    if (id === undefined) return undefined;
    session?.commit();
    const { explainRecorded } = await import('./recorded-explanation.ts');
    return explainRecorded(id, { dir: (session ?? here)?.folder, format: options?.format, children: options?.children === true });
  } catch (error) {
    reportFault('client.explain', error);
    return undefined;
  }
}
