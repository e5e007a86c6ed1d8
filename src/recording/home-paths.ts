/** Paths that begin in somebody's home folder, and the name of that somebody elsewhere in paths. */
import { withoutOverlaps } from '../core/secrets.ts';

/** A part of a text: a home folder, or the name of its owner. */
export interface HomePlace {
  kind: 'home-path' | 'user-name';
  start: number;
  end: number;
}

/** A home folder with something in it. What is only one level deep may be a route of a web site: that is one only where it is known. */
const IN_HOME = /(?:(?<![\w.~/-])|(?<=\\[nrtbf])|(?<=file:\/\/))((?:\/(?:var\/)?home|\/Users)\/([\w.@+-]{1,64}))(?=\/[\w.@-])/g;
const WINDOWS_HOME = /(?<![A-Za-z])([A-Za-z]:\\{1,8}Users\\{1,8}([\w.@+-]{1,64}))(?=\\)/g;
const WHOLE = /^(?:\/(?:var\/)?home\/[\w.@+-]{1,64}|\/Users\/[\w.@+-]{1,64}|\/root|[A-Za-z]:\\Users\\[\w.@+-]{1,64})(?=[/\\]|$)/;
/** Names of users that say nothing of anybody. */
const COMMON =
  /^(?:root|home|user|users|node|app|admin|ubuntu|runner|vagrant|public|shared|default|guest|src|dev|work|test|build|code|ec2-user|vscode|docker|jenkins)$/i;
const NAME_UNITS_MIN = 3;
const NAMES_MAX = 100;

export class HomePaths {
  readonly #folders = new Set<string>();
  readonly #names = new Set<string>();
  #known: RegExp | undefined;

  /** Takes note of the home folder that a path begins in. */
  learn(path: string): void {
    const [home] = WHOLE.exec(path) ?? [];
    if (home === undefined || this.#folders.size >= NAMES_MAX) return;
    this.#folders.add(home);
    const name = home.split(/[/\\]/).at(-1) ?? '';
    if (name.length >= NAME_UNITS_MIN && !COMMON.test(name)) this.#names.add(name);
    const folders = [...this.#folders].map((folder) => escaped(folder).replaceAll('\\\\', '\\\\{1,8}'));
    const segments = [...this.#names].map((one) => `(?<=[/\\\\])${escaped(one)}`);
    this.#known = new RegExp(
      `(?:(?<![\\w.~/-])|(?<=\\\\[nrtbf])|(?<=file:\\/\\/))(?:${folders.join('|')})(?![\\w.@+-])${segments.map((one) => `|${one}(?=[/\\\\"'\\s:]|$)`).join('')}`,
      'g',
    );
  }

  /** The places where a home folder or the name of its owner stands, in the order of the text. */
  find(text: string): HomePlace[] {
    const found: HomePlace[] = [];
    const hasPath = text.includes('/home/') || text.includes('/Users/') || text.includes('Users\\');
    for (const pattern of hasPath ? [IN_HOME, WINDOWS_HOME] : [])
      for (const { 0: whole, index } of text.matchAll(pattern))
        found.push({ kind: 'home-path', start: index, end: index + whole.length });
    if (this.#known)
      for (const { 0: whole, index } of text.matchAll(this.#known))
        found.push({ kind: this.#names.has(whole) ? 'user-name' : 'home-path', start: index, end: index + whole.length });
    return withoutOverlaps(found);
  }
}

const escaped = (text: string): string => text.replace(/[\\^$.*+?()[\]{}|/-]/g, '\\$&');
