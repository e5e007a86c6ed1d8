/** A debugger over a recording, without a terminal: a command goes in, what to do or to say comes out. */
import { parseBreakpoint, type Breakpoint } from '../analysis/breakpoints.ts';
import { isInside } from '../analysis/timeline-state.ts';
import type { Moment, Timeline, TimedEvent } from '../analysis/timeline.ts';
import { CliFailure } from './failure.ts';
import { nearest } from './nearest.ts';
import { MOVES, commandOf, COMMANDS } from './step-commands.ts';
import { findStop } from './step-search.ts';
import type { StepSource } from './step-source.ts';

/** What can be looked at beside the position. */
export type ViewName = 'state' | 'messages' | 'diff' | 'tree' | 'logs' | 'explain' | 'help';

/** What became of a command. `moved`: the position may be another one; `stop`: why there, or why not further. */
export type Reply =
  | { kind: 'moved'; remark?: string }
  | { kind: 'view'; view: ViewName }
  | { kind: 'said'; lines: string[] }
  | { kind: 'quit' };

const said = (...lines: string[]): Reply => ({ kind: 'said', lines });

/** One debugger. Starts at the first moment. */
export class StepSession {
  source: StepSource;
  readonly breakpoints: Breakpoint[] = [];
  readonly #reopen: () => StepSource;
  #index = 0;
  #lastMove = 'n';

  constructor(source: StepSource, reopen: () => StepSource) {
    this.source = source;
    this.#reopen = reopen;
  }

  get timeline(): Timeline {
    return this.source.timeline;
  }

  /** Absent in a session in which nothing happened. */
  get moment(): Moment | undefined {
    return this.timeline.moments[this.#index];
  }

  /** Carries out what was typed. An empty line is the last move again. */
  run(typed: string): Reply {
    const line = typed.trim() === '' ? this.#lastMove : typed.trim();
    const [word = '', ...rest] = line.split(/\s+/);
    const command = commandOf(word);
    if (command === undefined) {
      const near =
        word.length < 3
          ? undefined
          : nearest(
              word,
              COMMANDS.map(({ name }) => name),
            );
      return said(`"${word}" is no command${near === undefined ? ': h lists them.' : `; did you mean ${near}?`}`);
    }
    if (MOVES.has(command)) this.#lastMove = line;
    try {
      return this.#carryOut(command, rest.join(' '));
    } catch (error) {
      if (!(error instanceof CliFailure)) throw error;
      return said(error.message, ...(error.hint === undefined ? [] : [error.hint]));
    }
  }

  /** Sets a breakpoint; throws when it is none. */
  addBreakpoint(text: string): Breakpoint {
    const parsed = readBreakpoint(text);
    this.breakpoints.push(parsed);
    return parsed;
  }

  /** Goes to where an event begins, by its number in the tree, its id, or the beginning of that. */
  goTo(meant: string): Reply {
    const of = this.#eventOf(meant);
    return this.#to(of.begin);
  }

  #carryOut(command: string, rest: string): Reply {
    switch (command) {
      case 'next':
        return this.#next();
      case 'back':
        return this.#index > 0 ? this.#to(this.#index - 1) : said('This is the first moment.');
      case 'into':
        return this.#into();
      case 'out':
        return this.#out();
      case 'up':
        return this.#up();
      case 'over':
        return this.#over(1);
      case 'reverse-over':
        return this.#over(-1);
      case 'jump':
        return rest === '' ? said('jump needs the number of an event: j 7, or of a moment: j @12') : this.#jump(rest);
      case 'first':
        return this.#to(0);
      case 'last':
        return this.#to(this.timeline.moments.length - 1);
      case 'continue':
        return this.#continue(1, rest);
      case 'reverse-continue':
        return this.#continue(-1, rest);
      case 'break':
        return rest === '' ? this.#list() : said(`breakpoint ${this.breakpoints.length + 1}: ${this.addBreakpoint(rest).text}`);
      case 'delete':
        return this.#delete(rest);
      case 'quit':
        return { kind: 'quit' };
      default:
        return { kind: 'view', view: command as ViewName };
    }
  }

  #to(index: number, remark?: string): Reply {
    if (this.timeline.moments[index] === undefined) return said('Nothing was recorded.');
    this.#index = index;
    return remark === undefined ? { kind: 'moved' } : { kind: 'moved', remark };
  }

  #next(): Reply {
    if (this.#index + 1 < this.timeline.moments.length) return this.#to(this.#index + 1);
    const { source, moment } = this;
    if (!source.isLive) return said('This is the last moment.');
    const wasAt = this.#index;
    this.#reread(moment);
    if (moment === undefined && this.moment !== undefined) return this.#to(0);
    if (this.#index + 1 < this.timeline.moments.length) return this.#to(this.#index + 1);
    return said(
      this.source.isLive
        ? 'Nothing more has happened yet: the session is being recorded.'
        : 'This is the last moment: the session has ended.',
      ...(wasAt === this.#index ? [] : ['What was written meanwhile stands before it.']),
    );
  }

  /** Reads the recording again, and stays where it is. */
  #reread(moment: Moment | undefined): void {
    this.source = this.#reopen();
    const same = moment && this.timeline.find(moment);
    this.#index = same?.index ?? Math.max(0, Math.min(this.#index, this.timeline.moments.length - 1));
  }

  #into(): Reply {
    const of = this.moment?.of;
    const first = of?.children[0];
    if (first) return this.#to(first.begin);
    return said(of ? `Nothing happened inside of #${of.node.number}.` : 'This happened outside of all events.');
  }

  #out(): Reply {
    const parent = this.moment?.of?.parent;
    if (parent === undefined) return said('Nothing is around this.');
    if (parent.end !== undefined) return this.#to(parent.end);
    return this.#to(parent.begin, `#${parent.node.number} never ended: this is where it began.`);
  }

  #up(): Reply {
    const parent = this.moment?.of?.parent;
    return parent === undefined ? said('Nothing is around this.') : this.#to(parent.begin);
  }

  /** The next moment that is not inside of the event of this one. */
  #over(by: 1 | -1): Reply {
    const { moments } = this.timeline;
    const of = this.moment?.of;
    let index = this.#index + by;
    if (of !== undefined) while (isInside(moments[index]?.of?.parent, of)) index += by;
    if (moments[index] !== undefined) return this.#to(index);
    if (this.#index === moments.length - 1 && by === 1) return this.#next();
    return said(
      of && this.#index !== 0
        ? `Nothing outside of #${of.node.number} happened ${by === 1 ? 'after' : 'before'} this.`
        : 'This is the first moment.',
    );
  }

  #jump(meant: string): Reply {
    const place = /^@(\d{1,15})$/.exec(meant)?.[1];
    if (place !== undefined) {
      const { length } = this.timeline.moments;
      const isThere = Number(place) >= 1 && Number(place) <= length;
      return isThere ? this.#to(Number(place) - 1) : said(`There are moments 1 to ${length}.`);
    }
    const [event = '', end] = meant.split(' ');
    const of = this.#eventOf(event);
    if (end === undefined) return this.#to(of.begin);
    if (end !== 'end') return said('j 7 is where event 7 begins, j 7 end where it ends, j @12 moment 12.');
    return of.end === undefined ? said(`#${of.node.number} never ended.`) : this.#to(of.end);
  }

  #eventOf(meant: string): TimedEvent {
    const { events, source } = this.timeline;
    const numbered = /^#?\d{1,15}$/.test(meant) ? this.timeline.numbered(Number(meant.replace('#', ''))) : undefined;
    if (numbered) return numbered;
    const found = events.get(meant) ?? [...events.values()].filter(({ node }) => node.id.startsWith(meant));
    if (!Array.isArray(found)) return found;
    if (found.length === 1) return found[0] as TimedEvent;
    throw new CliFailure(
      found.length === 0
        ? `No event of ${source.session} is number "${meant}" or has an id that begins so.`
        : `"${meant}" is the beginning of ${found.length} event ids.`,
      { hint: `There are events 1 to ${events.size}, as in hindcast show ${source.session}.` },
    );
  }

  #continue(by: 1 | -1, rest: string): Reply {
    const once = rest === '' ? undefined : readBreakpoint(rest);
    const breakpoints = once ? [once] : this.breakpoints;
    const { timeline, source } = this;
    const { moments } = timeline;
    const look = { says: source.says.bind(source), sumsAt: timeline.sumsAt.bind(timeline) };
    const stop = findStop(moments, { from: this.#index + by, by, breakpoints, look });
    if (stop) return this.#to(stop.moment.index, `stopped at: ${stop.breakpoint.text}`);
    const where = by === 1 ? 'after' : 'before';
    if (once) return said(`Nothing ${where} this is like that: ${once.text}`);
    const none = breakpoints.length === 0 ? 'No breakpoint is set' : `No breakpoint stops ${where} this`;
    return this.#to(by === 1 ? moments.length - 1 : 0, `${none}: this is the ${by === 1 ? 'last' : 'first'} moment.`);
  }

  #list(): Reply {
    if (this.breakpoints.length === 0) return said('No breakpoint is set. b llm, b error, b text:refund: h lists all forms.');
    return said(...this.breakpoints.map(({ text }, place) => `${place + 1}  ${text}`));
  }

  #delete(rest: string): Reply {
    if (rest === '') {
      this.breakpoints.length = 0;
      return said('No breakpoint is set any more.');
    }
    const place = /^\d+$/.test(rest) ? Number(rest) - 1 : this.breakpoints.findIndex(({ text }) => text === rest);
    const [gone] = place < 0 ? [] : this.breakpoints.splice(place, 1);
    return said(gone === undefined ? `There is no breakpoint "${rest}": b lists them.` : `deleted: ${gone.text}`);
  }
}

function readBreakpoint(text: string): Breakpoint {
  const parsed = parseBreakpoint(text);
  if (parsed.ok) return parsed.breakpoint;
  throw new CliFailure(parsed.problem, {
    hint: 'llm, tool:search, error, text:refund, cost>0.01, event 7: h lists all forms.',
    exitCode: 2,
  });
}
