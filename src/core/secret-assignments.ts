/** Secrets that only their name gives away: `DB_PASSWORD=...`, `"api_key": "..."`. What is found is the value, without its quotes. */

/** A value, and what it is. */
export interface AssignedSecret {
  kind: string;
  start: number;
  end: number;
}

/** The last words of a name, the longest first, and what stands between the name and its value. */
const NAME =
  /(secret[_-]?access[_-]?key|shared[_-]?access[_-]?key|pass(?:word|wd|phrase)|pwd|(?:api|access|account|private|signing|encryption|service|subscription|client|master|secret)[_-]?key|(?:access|auth|bearer|refresh|session|security|id|api|bot|user|private)[_-]?token|client[_-]?secret|secret|token|credentials?)(?:[_-]?\d{1,2}|[_-](?:prod|production|live|dev|test|staging|old|new|value))?(\\{0,7}["'`])?[ \t]{0,8}(?::|=>?)[ \t]{0,8}(\\{0,7}["'`])?/gi;
/** Names that stand before one of those and make it harmless: `nextPageToken`, `stop_token`. */
const HARMLESS_BEFORE =
  /(?:page|next|prev|previous|cursor|continuation|csrf|xsrf|sync|stop|start|bos|eos|pad|unk|mask|special|first|last|top|public|partition|primary|foreign|sort|cache)[_-]?$/i;
/** These alone say little: their values must look drawn at random. */
const WEAK =
  /^(?:token|credentials?|id[_-]?token|user[_-]?token|secret|pwd|(?:service|client|account|master|subscription)[_-]?key)$/i;
/** What people write where a secret would stand. */
const STAND_IN =
  /^(?:<|\$|%|\{|\[|\(|\*+|\.{3}|x{3,}|process\.env|os\.|import\.meta|env[.:[(]|your|my[-_]|insert|replace|example|sample|dummy|change.?me|placeholder|null|none|undefined|true|false|redacted|sha\d|bcrypt|function|https?:|file:)/i;
const BEFORE_UNITS = 24;
const VALUE_UNITS_MAX = 4096;
const VALUE_UNITS_MIN = 6;
const RANDOM_UNITS_MIN = 16;
/** Names inside one value that are looked at: more would make a text of nothing but names cost its square. */
const NESTED_MAX = 8;

/** Every value in `text` that its name makes a secret. Time is linear in the text. */
export function* findAssigned(text: string): Generator<AssignedSecret> {
  let [lastEnd, nested] = [0, 0];
  for (const match of text.matchAll(NAME)) {
    nested = match.index < lastEnd ? nested + 1 : 0;
    if (nested > NESTED_MAX) continue;
    const [whole, name = '', , opening] = match;
    const before = text.slice(Math.max(0, match.index - BEFORE_UNITS), match.index);
    if (HARMLESS_BEFORE.test(before)) continue;
    // `pwd` inside a word, as in `cpwd`, and the shell's own PWD, are something else.
    if (/^pwd$/i.test(name) && /[A-Za-z0-9]$/.test(before)) continue;
    const start = match.index + whole.length;
    const end = opening === undefined ? endOfBare(text, start) : endOfQuoted(text, start, opening);
    if (end === undefined) continue;
    lastEnd = Math.max(lastEnd, end);
    const value = text.slice(start, end);
    const accepted = WEAK.test(name) ? looksRandom(value, RANDOM_UNITS_MIN) : looksChosen(value);
    if (!accepted || STAND_IN.test(value) || (opening === undefined && looksLikeCode(value, text[end]))) continue;
    yield { kind: kindOf(before + name, value), start, end };
  }
}

/** Whether nobody would write this by hand: letters and digits, and many different ones. */
export function looksRandom(value: string, unitsMin = 8): boolean {
  if (value.length < unitsMin || /\s/.test(value) || !/\d/.test(value) || !/[A-Za-z]/.test(value)) return false;
  return new Set(value.slice(0, 64)).size >= Math.min(10, value.length / 2.5);
}

/** A word of letters alone may be a label or a type as well as a password: it stays. */
function looksChosen(value: string): boolean {
  if (value.length < VALUE_UNITS_MIN || /\s/.test(value)) return false;
  const varied = new Set(value).size > 3;
  return varied && /\p{L}/u.test(value)
    ? /[\d!@#$%^&*+=?~|]/.test(value) || isLongMix(value)
    : /\d/.test(value) && /[^\d.,:-]/.test(value);
}

const isLongMix = (value: string): boolean =>
  value.length >= 20 && /[a-z]/.test(value) && /[A-Z]/.test(value) && !/[.:/]/.test(value);

/** `password = getPassword(1)`, `token: options.token2`, `PWD=/home/x1`. */
function looksLikeCode(value: string, next: string | undefined): boolean {
  if (next === '(' || next === '[') return true;
  return /^[A-Za-z_$][\w$]*(?:\??\.[A-Za-z_$][\w$]*)+$/.test(value) || /^[~/.]|^[A-Za-z]:[\\/]|[*+?|&]$/.test(value);
}

function endOfBare(text: string, start: number): number | undefined {
  let at = start;
  const limit = Math.min(text.length, start + VALUE_UNITS_MAX);
  while (at < limit && !/[\s"'`\\,;&<>(){}[\]]/.test(text[at]!)) at++;
  return at > start ? at : undefined;
}

/** Where a value ends that began behind `opening`, a quote with the backslashes of the texts that it is nested in. */
function endOfQuoted(text: string, start: number, opening: string): number | undefined {
  const quote = opening.at(-1)!;
  const depth = opening.length - 1;
  const limit = start + VALUE_UNITS_MAX;
  for (let at = text.indexOf(quote, start); at >= 0 && at < limit; at = text.indexOf(quote, at + 1)) {
    let slashes = 0;
    while (at - slashes > start && text[at - slashes - 1] === '\\') slashes++;
    // With fewer backslashes the text around it ends, and this was no value.
    if (slashes < depth) return undefined;
    if (slashes === depth || (slashes - depth) % (2 * (depth + 1)) === 0) return at - depth;
  }
  return undefined;
}

/** Providers whose keys have no form of their own: the name says whose they are. */
function kindOf(name: string, value: string): string {
  const words = name.slice(-BEFORE_UNITS).toLowerCase();
  if (/mistral[a-z_-]*$/.test(words)) return 'mistral-key';
  if (/(?:cohere|(?<![a-z])co)[_-]?(?:api[_-]?)?(?:key|token)$/.test(words)) return 'cohere-key';
  if (/together[a-z_-]*$/.test(words)) return 'together-key';
  if (/azure[a-z_-]*$|(?:account|sharedaccess|subscription)[_-]?key$/.test(words)) return 'azure-key';
  if (/secret[_-]?access[_-]?key$/.test(words) || (/aws[a-z_-]*$/.test(words) && value.length === 40)) return 'aws-secret-key';
  return /pass(?:word|wd|phrase)$|pwd$/.test(words) ? 'password' : 'assigned-secret';
}
