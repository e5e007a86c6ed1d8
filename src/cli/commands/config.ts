/** `hindcast config show`: what `init()` would be set to here, and what set it. */
import type { Command } from 'commander';
import { OPTIONS, type Option, type Values } from '../../client/options.ts';
import { resolveOptions, showValue } from '../../client/resolve.ts';
import { oneLine } from '../printable.ts';
import { table } from '../table.ts';
import { does, newVerb, type Call } from '../verb.ts';

export function verb(): Command {
  const config = newVerb({
    name: 'config',
    summary: 'what hindcast is set to',
    examples: [['config show', 'every option, its value, and what set it']],
  });
  const show = newVerb({
    name: 'show',
    summary: 'every option, its value, and what set it',
    description:
      'Every option with its value and what set it: the default, the configuration file, or an environment variable. ' +
      'What a program passes to init() goes before all of these, and is not known here. Credentials are not shown.',
    examples: [
      ['config show', 'in this folder and environment'],
      ['config show --json', 'for programs'],
    ],
  });
  return config.addCommand(does(show, showConfig));
}

function showConfig({ options, terminal }: Call<object>): number {
  const { values, origins, problems } = resolveOptions(options.dir === undefined ? {} : { dir: options.dir });
  // The only thing that this command line sets.
  const originOf = (option: Option): string => {
    const origin = origins[option.name] ?? 'default';
    return origin === 'init()' ? '--dir' : origin;
  };
  if (terminal.json) {
    const shown = OPTIONS.map((option) => ({ name: option.name, value: jsonValue(option, values), origin: originOf(option) }));
    terminal.printJson({ options: shown, problems });
    return 0;
  }
  const rows = OPTIONS.map((option) => {
    const origin = originOf(option);
    const name = origin === 'default' ? option.name : { text: option.name, style: 'bold' as const };
    return [name, oneLine(showValue(option, values)), oneLine(origin), terminal.verbose ? oneLine(option.text) : ''];
  });
  const columns = [
    { title: 'option' },
    { title: 'value', gives: true },
    { title: 'set by', gives: true },
    { title: 'what it does' },
  ] as const;
  for (const line of table([...columns], rows, terminal)) terminal.print(line);
  for (const problem of problems) terminal.remark(`${terminal.paint('yellow', '!')} ${oneLine(problem)}`);
  return 0;
}

/** The value itself, but as text where it may hold a credential or is no data. */
function jsonValue(option: Option, values: Values): unknown {
  if (option.secret || option.name === 'endpoint' || option.name === 'instrument') {
    const text = showValue(option, values);
    return text === '(none)' ? null : text;
  }
  let value: unknown = values;
  for (const part of option.name.split('.')) value = (value as Record<string, unknown> | undefined)?.[part];
  return value ?? null;
}
