/** The debugger in a terminal: single keys, and a screen that is drawn in place. What it writes to and how large that is, it is told. */
import type { Key } from 'node:readline';
import type { Moment } from '../analysis/timeline.ts';
import { cells, printable } from './printable.ts';
import type { Reply, StepSession, ViewName } from './step-session.ts';
import { titleLine, viewLines } from './step-view.ts';
import { lineOf, momentSpans, type Page, type Span } from './step-words.ts';

/** Another screen than that of the shell, without a cursor, whose lines do not wrap. */
export const ENTER_SCREEN = '\x1b[?1049h\x1b[?25l\x1b[?7l';
/** The shell's screen as it was. */
export const LEAVE_SCREEN = '\x1b[?7h\x1b[?25h\x1b[?1049l';
// One update at once, where the terminal knows of that.
const BEGIN_UPDATE = '\x1b[?2026h\x1b[H';
const END_UPDATE = '\x1b[J\x1b[?2026l';

/** Keys that are no letter of a command. */
const KEYS: Readonly<Record<string, string>> = {
  right: 'into',
  down: 'next',
  left: 'up',
  up: 'back',
  home: 'first',
  end: 'last',
};
const LETTERS = new Set('npiouvgGcsmdtleh?q');
/** Keys that begin a command line, and with what. */
const PROMPTS: Readonly<Record<string, string>> = { j: 'j ', b: 'b ', '/': 'c ', ':': '' };
const HINT =
  'n next  p back  i into  o out  c continue  b breakpoint  j jump  s state  m messages  d diff  t tree  l logs  h help  q quit';
const INDENT_MAX = 12;
const COMMAND_MAX = 1000;

/** Where a screen is drawn. */
export interface Canvas extends Pick<Page, 'paint' | 'verbose'> {
  columns(): number;
  rows(): number;
  write(text: string): void;
}

/** One debugger on one screen. */
export class StepScreen {
  readonly #session: StepSession;
  readonly #canvas: Canvas;
  #view: ViewName = 'state';
  #scroll = 0;
  /** Lines that answer a command, in place of the view. */
  #said: string[] | undefined;
  #status = '';
  /** The command line while one is typed. */
  #typed: string | undefined;
  /** `r` was pressed: `c` or `v` comes. */
  #reverse = false;

  constructor(session: StepSession, canvas: Canvas) {
    this.#session = session;
    this.#canvas = canvas;
  }

  /** Draws everything, in one write. */
  draw(): void {
    this.#canvas.write(BEGIN_UPDATE + this.frame().join('\x1b[K\r\n') + '\x1b[K' + END_UPDATE);
  }

  /** Takes a key. False: it is over. */
  press(text: string | undefined, key: Pick<Key, 'name' | 'ctrl' | 'meta'>): boolean {
    if (key.ctrl === true && (key.name === 'c' || key.name === 'd')) {
      if (this.#typed === undefined) return false;
      this.#typed = undefined;
      return true;
    }
    if (this.#typed !== undefined) return this.#type(text, key);
    this.#status = '';
    const { name = '' } = key;
    if (this.#reverse) {
      this.#reverse = false;
      return text === 'c' || text === 'v' ? this.#run(`r${text}`) : true;
    }
    if (name === 'return' || name === 'enter') return this.#run('');
    if (name === 'escape') this.#show('state');
    else if (name === 'pagedown' || name === 'space') this.#scroll += this.#panelRows();
    else if (name === 'pageup') this.#scroll = Math.max(0, this.#scroll - this.#panelRows());
    else if (Object.hasOwn(KEYS, name)) return this.#run(KEYS[name] as string);
    else if (text === 'r') this.#reverse = true;
    else if (text !== undefined && Object.hasOwn(PROMPTS, text)) this.#typed = PROMPTS[text];
    else if (text !== undefined && LETTERS.has(text)) return this.#run(text);
    return true;
  }

  /** The lines of the screen, as many as it has rows. */
  frame(): string[] {
    const { paint, verbose } = this.#canvas;
    const page: Page = { paint, verbose, width: Math.max(1, this.#canvas.columns()) };
    const rows = Math.max(1, this.#canvas.rows());
    const panelRows = this.#panelRows();
    const panel = this.#said ?? viewLines(this.#session, this.#view, page, panelRows);
    this.#scroll = Math.max(0, Math.min(this.#scroll, panel.length - panelRows));
    const below = panel.length - panelRows - this.#scroll;
    const name = ` ${this.#said ? 'answer' : this.#view} ${below > 0 ? `(${below} more lines: space) ` : ''}`;
    const shown = panel.slice(this.#scroll, this.#scroll + panelRows).map((line) => fitted(line, page));
    const lines = [
      titleLine(this.#session, page),
      ...this.#moments(this.#momentRows(), page),
      lineOf([[`──${name}`.padEnd(Math.min(page.width, 200), '─'), 'dim']], page),
      ...shown,
    ];
    const foot: Span =
      this.#typed === undefined
        ? [this.#status === '' ? HINT : this.#status, this.#status === '' ? 'dim' : 'yellow']
        : [`: ${this.#typed}█`];
    const above = lines.slice(0, rows - 1);
    return [...above, ...Array.from({ length: rows - 1 - above.length }, () => ''), lineOf([foot], page)];
  }

  #momentRows(): number {
    return Math.max(1, Math.floor((this.#canvas.rows() - 3) / 3));
  }

  #panelRows(): number {
    return Math.max(1, this.#canvas.rows() - 3 - this.#momentRows());
  }

  /** The moments around the position. */
  #moments(rows: number, page: Page): string[] {
    const { moments } = this.#session.timeline;
    const here = this.#session.moment?.index ?? 0;
    const first = Math.max(0, Math.min(here - Math.floor(rows / 2), moments.length - rows));
    return moments.slice(first, first + rows).map((moment) => {
      const mark: Span = moment.index === here ? ['▶ ', 'bold'] : ['  '];
      return lineOf([mark, ['  '.repeat(depthOf(moment))], ...momentSpans(moment)], page);
    });
  }

  #run(line: string): boolean {
    const reply = this.#session.run(line);
    return this.#take(reply);
  }

  #take(reply: Reply): boolean {
    switch (reply.kind) {
      case 'quit':
        return false;
      case 'moved':
        this.#status = printable(reply.remark ?? '');
        if (this.#said) this.#show(this.#view);
        if (this.#view === 'help') this.#show('state');
        break;
      case 'view':
        this.#show(reply.view);
        break;
      default:
        if (reply.lines.length > 1) {
          this.#said = reply.lines.map(printable);
          this.#scroll = 0;
        } else this.#status = printable(reply.lines.join(' '));
    }
    return true;
  }

  #show(view: ViewName): void {
    this.#view = view;
    this.#said = undefined;
    this.#scroll = 0;
  }

  /** A key while a command is typed. */
  #type(text: string | undefined, { name, ctrl, meta }: Pick<Key, 'name' | 'ctrl' | 'meta'>): boolean {
    const typed = this.#typed ?? '';
    if (name === 'return' || name === 'enter') {
      this.#typed = undefined;
      this.#status = '';
      return typed.trim() === '' ? true : this.#run(typed);
    }
    if (name === 'escape') this.#typed = undefined;
    else if (ctrl === true && name === 'u') this.#typed = '';
    else if (name === 'backspace') this.#typed = typed === '' ? undefined : typed.replace(/.$/su, '');
    else if (text !== undefined && ctrl !== true && meta !== true) this.#typed = (typed + printable(text)).slice(0, COMMAND_MAX);
    return true;
  }
}

/** A line no wider than the page; one that is too wide loses its colours. */
function fitted(line: string, page: Page): string {
  return cells(line) <= page.width ? line : lineOf([[printable(line)]], page);
}

function depthOf({ of }: Moment): number {
  let depth = 0;
  for (let at = of?.parent; at !== undefined && depth < INDENT_MAX; at = at.parent) depth++;
  return depth;
}
