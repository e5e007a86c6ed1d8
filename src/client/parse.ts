/** How the text of an environment variable, a member of the configuration file or an option of `init()` becomes a value. Each throws a BadValue that says what is expected. */
import { readTraceparent } from '../core/traceparent.ts';
import type { ModelPrice } from '../analysis/prices.ts';

/** A value that cannot be used; the message ends the sentence "... must be". */
export class BadValue extends Error {}

export interface Kind<T> {
  /** For documentation: `boolean`, `milliseconds`, ... */
  name: string;
  /** From text. */
  parse(text: string): T;
  /** From JSON or from code. */
  check(value: unknown): T;
}

const bad = (expected: string): never => {
  throw new BadValue(expected);
};

/** Non-empty text of at most `max` characters. */
export function text(name = 'text', max = 1000): Kind<string> {
  const check = (value: unknown): string =>
    typeof value === 'string' && value.trim() !== '' && value.length <= max ? value : bad(`text of 1 to ${max} characters`);
  return { name, parse: check, check };
}

export const flag: Kind<boolean> = {
  name: 'boolean',
  parse(value) {
    const word = value.trim().toLowerCase();
    if (['1', 'true', 'yes', 'on'].includes(word)) return true;
    if (['0', 'false', 'no', 'off'].includes(word)) return false;
    return bad('true or false');
  },
  check: (value) => (typeof value === 'boolean' ? value : bad('true or false')),
};

export function choice<const T extends string>(...words: T[]): Kind<T> {
  const check = (value: unknown): T => {
    const word = typeof value === 'string' ? value.trim().toLowerCase() : '';
    return words.find((known) => known === word) ?? bad(`one of ${words.join(', ')}`);
  };
  return { name: words.join(' \\| '), parse: check, check };
}

/** Whole milliseconds from `min` to `max`. */
export function milliseconds(min: number, max: number): Kind<number> {
  const check = (value: unknown): number =>
    typeof value === 'number' && Number.isFinite(value) && value >= min && value <= max
      ? Math.round(value)
      : bad(`milliseconds from ${min} to ${max}`);
  return { name: 'milliseconds', parse: (value) => check(value.trim() === '' ? NaN : Number(value)), check };
}

/** A number that is not negative; 0 where that means something. `name` is what it counts. */
export function amount(name: 'megabytes' | 'days', max: number): Kind<number> {
  const check = (value: unknown): number =>
    typeof value === 'number' && value >= 0 && value <= max ? value : bad(`${name} from 0 to ${max}`);
  return { name, parse: (value) => check(value.trim() === '' ? NaN : Number(value)), check };
}

export const texts: Kind<string[]> = {
  name: 'list of text',
  parse: (value) =>
    value
      .split(',')
      .map((part) => part.trim())
      .filter((part) => part !== ''),
  check: (value) =>
    Array.isArray(value) && value.every((part) => typeof part === 'string') ? [...value] : bad('a list of text'),
};

/** `name=value,name=value` with percent-encoded values, as in `OTEL_EXPORTER_OTLP_HEADERS`; or an object. */
export const headers: Kind<Record<string, string>> = {
  name: 'headers',
  parse(value) {
    const out: Record<string, string> = {};
    for (const part of value.split(',')) {
      if (part.trim() === '') continue;
      const at = part.indexOf('=');
      if (at < 1) bad('name=value pairs with commas between them');
      out[part.slice(0, at).trim()] = decoded(part.slice(at + 1).trim());
    }
    return headers.check(out);
  },
  check(value) {
    const ok = isObject(value) && Object.entries(value).every(([name, said]) => isHeader(name, said));
    return ok ? { ...(value as Record<string, string>) } : bad('header names with text values');
  },
};

const isHeader = (name: string, value: unknown): boolean =>
  /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/.test(name) && typeof value === 'string' && /^[\t\x20-\x7e\x80-\xff]*$/.test(value);

function decoded(value: string): string {
  try {
    return decodeURIComponent(value);
  } catch {
    return value;
  }
}

/** An OTLP/HTTP base URL, to which `/v1/traces` is appended unless it is there. */
export const baseUrl: Kind<string> = {
  name: 'URL',
  parse: (value) => tracesUrl(value.trim()),
  check: (value) => (typeof value === 'string' ? tracesUrl(value.trim()) : bad('an http:// or https:// URL')),
};

/** The URL to post to, taken as it is. */
export const wholeUrl: Kind<string> = { ...baseUrl, parse: (value) => httpUrl(value.trim()).href };

function httpUrl(value: string): URL {
  const url = URL.canParse(value) ? new URL(value) : bad('an http:// or https:// URL');
  return url.protocol === 'http:' || url.protocol === 'https:' ? url : bad('an http:// or https:// URL');
}

function tracesUrl(value: string): string {
  const url = httpUrl(value);
  const path = url.pathname.replace(/\/+$/, '');
  url.pathname = path.endsWith('/v1/traces') ? path : `${path}/v1/traces`;
  return url.href;
}

/** The spellings of `OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT`. Content that may only go into log events goes nowhere: hindcast sends spans. */
export const captureWord: Kind<boolean> = {
  ...flag,
  parse(value) {
    const word = value.trim().toLowerCase();
    if (word === 'span_only' || word === 'span_and_event') return true;
    return word === 'no_content' || word === 'event_only' ? false : flag.parse(value);
  },
};

/** True where the variable says that telemetry is disabled. */
export const inverted: Kind<boolean> = { ...flag, parse: (value) => !flag.parse(value) };

const RATES = ['input', 'output', 'cacheRead', 'cacheWrite', 'cacheWriteHour'];

/** Model names with US dollars per million tokens. */
export const priceList: Kind<Record<string, ModelPrice>> = {
  name: 'prices',
  parse(value) {
    let data: unknown;
    try {
      data = JSON.parse(value);
    } catch {
      bad('JSON such as {"my-model":{"input":1,"output":2}}');
    }
    return priceList.check(data);
  },
  check(value) {
    const expected = `model names, each with ${RATES.join(', ')} in US dollars per million tokens`;
    if (!isObject(value)) return bad(expected);
    const out: Record<string, ModelPrice> = {};
    for (const [model, price] of Object.entries(value)) {
      if (!isObject(price) || typeof price['input'] !== 'number') return bad(expected);
      const rates = RATES.filter((rate) => price[rate] !== undefined);
      if (!rates.every((rate) => typeof price[rate] === 'number' && price[rate] >= 0)) return bad(expected);
      out[model.toLowerCase()] = Object.fromEntries(rates.map((rate) => [rate, price[rate]])) as unknown as ModelPrice;
    }
    return out;
  },
};

/** The W3C `traceparent` of version 00; a later version begins with the same members. */
export const traceparent: Kind<string> = {
  name: 'traceparent',
  parse: (value) => traceparent.check(value.trim()),
  check(value) {
    return readTraceparent(value) !== undefined
      ? (value as string)
      : bad('a W3C traceparent such as 00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01');
  },
};

/** A function. Only from code. `shape` is what it looks like. */
export function fn<T extends Function>(shape: string): Kind<T> {
  return {
    name: 'function',
    parse: () => bad('given in code'),
    check: (value) => (typeof value === 'function' ? (value as T) : bad(`a function ${shape}`)),
  };
}

/** A list of functions. Only from code. */
export function fns<T extends Function>(shape: string): Kind<T[]> {
  return {
    name: 'functions',
    parse: () => bad('given in code'),
    check: (value) =>
      Array.isArray(value) && value.every((one) => typeof one === 'function')
        ? [...(value as T[])]
        : bad(`a list of functions ${shape}`),
  };
}

/** An object that takes batches. Only from code. */
export const exporter: Kind<object> = {
  name: 'exporter',
  parse: () => bad('given in code'),
  check: (value) =>
    isObject(value) && typeof value['export'] === 'function' ? value : bad('an object with a function export(batch)'),
};

/** Classes by SDK name. Only from code. */
export const classes: Kind<Record<string, unknown>> = {
  name: 'client classes',
  parse: () => bad('given in code'),
  check: (value) =>
    isObject(value) && Object.values(value).every((given) => typeof given === 'function' || isObject(given))
      ? { ...value }
      : bad('client classes by name, such as { openai: OpenAI }'),
};

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
