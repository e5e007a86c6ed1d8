/** Attributes of a span by the names that they have here, whatever the exporter calls them. */
import { NAMES, NAMES_OUTSIDE, type Names } from '../events/genai-names.ts';
import type { AttributeValue } from '../events/model.ts';

/** Names that others, or earlier conventions, have for the same. */
const ALSO: Readonly<Partial<Record<keyof Names, readonly string[]>>> = {
  provider: ['gen_ai.system'],
  inputTokens: ['gen_ai.usage.prompt_tokens', 'llm.usage.prompt_tokens'],
  outputTokens: ['gen_ai.usage.completion_tokens', 'llm.usage.completion_tokens'],
  cacheReadTokens: ['gen_ai.usage.cache_read_input_tokens'],
  cacheWriteTokens: ['gen_ai.usage.cache_creation.input_tokens', 'gen_ai.usage.cache_creation_input_tokens'],
  openaiApi: ['hindcast.api'],
  openaiRequestTier: ['gen_ai.openai.request.service_tier'],
  openaiResponseTier: ['gen_ai.openai.response.service_tier'],
  openaiFingerprint: ['gen_ai.openai.response.system_fingerprint'],
  agentId: ['gen_ai.agent.id'],
  agentVersion: ['gen_ai.agent.version'],
};

/** Attributes of a span by their names here; each one that was read is not an attribute of the app's. */
export class SpanFacts {
  readonly #left: Map<string, AttributeValue>;
  readonly #all: ReadonlyMap<string, AttributeValue>;

  constructor(attributes: ReadonlyMap<string, AttributeValue>) {
    this.#all = attributes;
    this.#left = new Map(attributes);
  }

  text(name: keyof Names): string | undefined {
    const value = this.#get(name);
    return typeof value === 'string' && value !== '' ? value : undefined;
  }

  number(name: keyof Names): number | undefined {
    const value = this.#get(name);
    return typeof value === 'number' ? value : undefined;
  }

  texts(name: keyof Names): string[] | undefined {
    const value = this.#get(name);
    return Array.isArray(value) && value.length > 0 ? value.map(String) : undefined;
  }

  flag(name: keyof Names): boolean | undefined {
    const value = this.#get(name);
    return typeof value === 'boolean' ? value : undefined;
  }

  /** By the name on the wire. */
  raw(name: string): AttributeValue | undefined {
    this.#left.delete(name);
    return this.#all.get(name);
  }

  /** What nobody asked for. */
  rest(): Record<string, AttributeValue> | undefined {
    const prefix = NAMES.main.attributePrefix;
    const entries = [...this.#left].map(
      ([key, value]) => [key.startsWith(prefix) ? key.slice(prefix.length) : key, value] as const,
    );
    return entries.length === 0 ? undefined : Object.fromEntries(entries);
  }

  #get(name: keyof Names): AttributeValue | undefined {
    for (const key of [NAMES.main[name], NAMES['1.41'][name], NAMES_OUTSIDE[name], ...(ALSO[name] ?? [])]) {
      const value = this.raw(key);
      if (value !== undefined) return value;
    }
    return undefined;
  }
}

/** Without the members that are undefined. */
export function defined<T extends object>(members: { [K in keyof T]: T[K] | undefined } & object): T {
  return Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined)) as T;
}
