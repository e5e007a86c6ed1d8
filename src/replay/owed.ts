/**
 * What those who are outside of the program had been given when they did something: clients of its servers their answers, and whoever types or sends a signal what models had answered. Once the program
 * goes its own way it gives that at other times, and what was done after it is to be done after it again.
 */
import type { LoggedExchange } from '../recording/log-writer.ts';
import { watchWork } from './busy.ts';
import type { OpenBytes } from './exchange-owner.ts';
import { internally } from './lineage.ts';
import type { Arrival, Source } from './source.ts';

/** The note of a server's channel that an answer was given: `r` is the number of the request, `after` the place in the order of what had come last. */
export const ANSWERED = 'answered';

export interface AnsweredFacts {
  r: number;
  after: number;
}

/** The program is looked at so often, and given up after so many looks at which it did nothing. */
const LOOK_MS = 1_000;
const LOOKS_MAX = 10;

/** Kinds of channels by which people and other programs do something that may follow from what they were given. */
const OUTSIDE = new Set(['server', 'signal', 'stdin', 'ipc']);
/** What a server is told by the system, and not by its clients. */
const OF_SYSTEM = new Set(['listening', 'close', 'error', 'taken']);

/** Whether what comes through a channel of that kind is done by somebody outside. */
export const isFromOutside = (kind: string, event: string): boolean => OUTSIDE.has(kind) && !OF_SYSTEM.has(event);

interface Answer {
  readonly channel: string;
  readonly r: number;
  readonly after: number;
  isGiven: boolean;
}

export class Owed {
  readonly #answers: Answer[];
  /** Where in the order the answer to the recorded request of a place had ended. */
  readonly #ends: ReadonlyMap<string, number>;
  /** Requests that were sent and whose answers have not ended, and where those in their place had. */
  readonly #underWay = new Map<LoggedExchange, number>();
  readonly #opened = new Set<string>();
  /** Nobody waits for anything any more. */
  #isOver = false;

  constructor({ channels, requests }: Pick<Source, 'channels' | 'requests'>) {
    this.#answers = channels.flatMap(({ key, given }) => given.filter(isAnswered).map(({ data }) => answerOf(key, data)));
    this.#ends = new Map(requests.map(({ lin, lo, exchange: { end } }) => [placeOf({ lin, lo }), end?.ord ?? Infinity]));
  }

  /** A server listens: what it answered is owed. */
  opened(channel: string): void {
    this.#opened.add(channel);
  }

  /** The answer to a request of a server's was given, or nobody can give it any more. */
  given(channel: string, r: number): void {
    for (const answer of this.#answers) if (answer.channel === channel && answer.r === r) answer.isGiven = true;
  }

  /** `open`, with what is sent counted as long as its answer has not ended; `changed` is told when one has. */
  counting(open: OpenBytes, changed: () => void): OpenBytes {
    return (request, asked, marks) => {
      const bytes = open(request, asked, marks);
      if (bytes === null || marks?.from !== undefined) return bytes;
      this.#underWay.set(bytes, this.#ends.get(placeOf(asked)) ?? Infinity);
      bytes.onEnd(() => {
        if (this.#underWay.delete(bytes)) changed();
      });
      return bytes;
    };
  }

  /** Whether the answer to something that was sent is still to come. */
  get isUnderWay(): boolean {
    return this.#underWay.size > 0;
  }

  /** Whether all was given that had been before that place in the order. */
  isGivenBefore(ord: number): boolean {
    if (this.#isOver) return true;
    const isOwed = ({ channel, after, isGiven }: Answer): boolean => !isGiven && after < ord && this.#opened.has(channel);
    return !this.#answers.some(isOwed) && this.#underWay.values().every((ended) => ended > ord);
  }

  /** Waits for what never comes no longer than the program does something; `over` is told that nothing is owed any more. */
  watch(over: () => void): void {
    const look = (idle: number): void => {
      const wasBusy = watchWork();
      const again = (): void => {
        const looks = this.isUnderWay || wasBusy(LOOK_MS) ? 0 : idle + 1;
        if (looks < LOOKS_MAX) {
          look(looks);
          return;
        }
        this.#isOver = true;
        over();
      };
      internally(() => setTimeout(again, LOOK_MS).unref());
    };
    look(0);
  }
}

const isAnswered = ({ event }: Arrival): boolean => event === ANSWERED;

function answerOf(channel: string, data: unknown): Answer {
  const { r, after } = data as AnsweredFacts;
  return { channel, r, after, isGiven: false };
}

const placeOf = ({ lin, lo }: { lin: string; lo: number }): string => `${lin}:${lo}`;
