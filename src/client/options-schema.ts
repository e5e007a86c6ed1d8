/** docs/config.schema.json, from the options: what an editor completes in `hindcast.config.json`. */
import { OPTIONS } from './options.ts';
import type { Option } from './options.ts';

type Schema = Record<string, unknown>;

/** The options that a file can hold, as a JSON schema. */
export function renderOptionsSchema(): string {
  const properties: Record<string, Schema> = { $schema: { type: 'string' } };
  for (const option of OPTIONS) {
    // Without a variable it can only be code.
    if (option.env.length === 0) continue;
    const [first = '', second] = option.name.split('.');
    const schema = { description: plain(option.text), ...schemaOf(option), ...defaultOf(option) };
    if (second === undefined) {
      properties[first] = schema;
      continue;
    }
    const group = (properties[first] ??= { type: 'object', properties: {}, additionalProperties: false });
    (group['properties'] as Schema)[second] = schema;
  }
  const schema = {
    $schema: 'http://json-schema.org/draft-07/schema#',
    title: 'hindcast.config.json',
    type: 'object',
    properties,
    additionalProperties: false,
  };
  return `${JSON.stringify(schema, null, 2)}\n`;
}

const plain = (text: string): string => text.replaceAll('`', '');

function defaultOf(option: Option): Schema {
  return ['string', 'number', 'boolean'].includes(typeof option.default) ? { default: option.default } : {};
}

/** By the name of its kind, which the documentation shows as well. */
function schemaOf({ kind }: Option): Schema {
  const words = kind.name.split(' \\| ');
  if (words.length > 1) return { enum: words };
  switch (kind.name) {
    case 'boolean':
      return { type: 'boolean' };
    case 'milliseconds':
    case 'megabytes':
    case 'days':
      return { type: 'number', minimum: 0 };
    case 'list of text':
      return { type: 'array', items: { type: 'string' } };
    case 'headers':
      return { type: 'object', additionalProperties: { type: 'string' } };
    case 'prices':
      return {
        type: 'object',
        additionalProperties: { type: 'object', required: ['input'], additionalProperties: { type: 'number', minimum: 0 } },
      };
    default:
      return { type: 'string', minLength: 1 };
  }
}
