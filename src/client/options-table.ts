/** docs/configuration.md's table, from the options. */
import { OPTIONS } from './options.ts';
import type { Option } from './options.ts';

const HEAD = ['option', 'environment', 'values', 'default', 'what it does'];

/** The options as a Markdown table. */
export function renderOptionsTable(): string {
  const rows = OPTIONS.map((option) => [
    `\`${option.name}\``,
    option.env.map(({ name }) => `\`${name}\``).join(', ') || 'none',
    option.kind.name,
    defaultText(option),
    option.text,
  ]);
  return [HEAD, HEAD.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}

function defaultText(option: Option): string {
  if (option.defaultText !== undefined) return option.defaultText;
  const empty =
    option.default === undefined || (typeof option.default === 'object' && Object.keys(option.default as object).length === 0);
  return empty ? 'none' : `\`${String(option.default)}\``;
}
