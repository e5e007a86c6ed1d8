/** `hindcast config`: what `init()` would be set to here and by what, and the configuration file. */
import type { Command } from 'commander';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { OPTIONS, type Option, type Values } from '../../client/options.ts';
import { pick, resolveOptions, showValue } from '../../client/resolve.ts';
import { configPath, projectRoot, readConfigFile, writeConfigFile } from '../config-file.ts';
import { isSecret, optionNamed, optionOfFile, valueFor, withoutOption, withOption } from '../config-option.ts';
import { CliFailure } from '../failure.ts';
import { oneLine } from '../printable.ts';
import { table } from '../table.ts';
import { does, newVerb, type Call } from '../verb.ts';

/** Only the owner can read a file that was told a credential. */
const SECRET_MODE = 0o600;

export function verb(): Command {
  const config = newVerb({
    name: 'config',
    summary: 'what hindcast is set to, and setting it',
    examples: [
      ['config show', 'every option, its value, and what set it'],
      ['config set endpoint http://localhost:4318', 'write an option to the configuration file'],
    ],
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
  const get = newVerb({
    name: 'get',
    summary: 'the value of one option',
    description: 'The value of one option, as an init() without arguments would have it here. Credentials are not shown.',
    examples: [
      ['config get endpoint', 'where spans are sent to'],
      ['config get agent.id --json', 'with what set it'],
    ],
  }).argument('<option>', 'name of the option, such as agent.id');
  const set = newVerb({
    name: 'set',
    summary: 'write one option to the configuration file',
    description:
      'Writes one option to hindcast.config.json beside the .hindcast folder of the project. The value is written as in an environment variable: ' +
      'lists with commas between their members, prices as JSON. Everything else in the file stays.',
    examples: [
      ['config set record metadata', 'record no content'],
      ['config set tags eu,nightly', 'a list'],
      ['config set endpoint --unset', 'take it out again'],
    ],
  })
    .argument('<option>', 'name of the option, such as agent.id')
    .argument('[value]', 'its value')
    .option('--unset', 'take the option out of the file')
    .option('--force', 'write credentials, too');
  const init = newVerb({
    name: 'init',
    summary: 'make a configuration file',
    description: 'Makes hindcast.config.json with the name and the version of package.json as the agent. Asks nothing.',
    examples: [['config init', 'in this project']],
  }).option('--force', 'replace one that is there');
  return config
    .addCommand(does(show, showConfig))
    .addCommand(does(get, getOption))
    .addCommand(does(set, setOption))
    .addCommand(does(init, initConfig));
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

function getOption({ args, options, terminal }: Call<object>): number {
  const option = optionNamed(args[0] ?? '');
  const { values, origins, problems } = resolveOptions({}, process.env, projectRoot(options.dir));
  if (terminal.json) terminal.printJson({ name: option.name, value: jsonValue(option, values), origin: origins[option.name] });
  else terminal.print(oneLine(showValue(option, values)));
  for (const problem of problems) terminal.remark(`${terminal.paint('yellow', '!')} ${oneLine(problem)}`);
  return 0;
}

function setOption({ args, options, terminal }: Call<{ unset?: boolean; force?: boolean }>): number {
  const [name = '', text] = args;
  const option = optionOfFile(name);
  if ((text === undefined) !== (options.unset === true)) {
    throw new CliFailure(text === undefined ? `${name} needs a value` : `${name} is given a value and --unset`, {
      exitCode: 2,
      hint: `hindcast config set ${name} <value>, or hindcast config set ${name} --unset.`,
    });
  }
  const file = readConfigFile(configPath(projectRoot(options.dir)));
  const before = file.data ?? {};
  const value = text === undefined ? undefined : valueFor(option, text, file.path);
  const secret = value !== undefined && isSecret(option, value);
  if (secret && options.force !== true) {
    throw new CliFailure(`${name} would put a credential into a file that others may read`, {
      exitCode: 2,
      hint: `Set ${option.env[0]?.name ?? 'it'} in the environment; --force writes it all the same.`,
    });
  }
  const after = value === undefined ? withoutOption(before, name) : withOption(before, name, value);
  const changed = JSON.stringify(after) !== JSON.stringify(before);
  if (changed) writeConfigFile(file, after, secret ? SECRET_MODE : undefined);
  if (terminal.json) terminal.printJson({ file: file.path, name, value: secret ? '<redacted>' : (value ?? null), changed });
  else if (!changed) terminal.print(`${file.path} ${value === undefined ? 'does not hold it' : 'holds it already'}`);
  else terminal.print(`${value === undefined ? 'taken out of' : 'written to'} ${file.path}`);
  const variable = option.env.find((one) => !one.only && (process.env[one.name] ?? '').trim() !== '');
  if (variable !== undefined) terminal.remark(`${variable.name} is set here, and goes before the file`);
  return 0;
}

function initConfig({ options, terminal }: Call<{ force?: boolean }>): number {
  const path = configPath(projectRoot(options.dir));
  if (existsSync(path) && options.force !== true)
    throw new CliFailure(`${path} is there already`, { hint: '--force replaces it.' });
  const schema = './node_modules/hindcast/docs/config.schema.json';
  const agent = packageOf(dirname(path));
  const data = {
    ...(existsSync(join(dirname(path), schema)) ? { $schema: schema } : {}),
    ...(Object.keys(agent).length === 0 ? {} : { agent }),
  };
  writeConfigFile({ path, data: null, text: '' }, data);
  if (terminal.json) terminal.printJson({ file: path, config: data });
  else terminal.print(`written: ${path}`);
  return 0;
}

/** Name and version of the project, where package.json says them. */
function packageOf(folder: string): { name?: string; version?: string } {
  let said: { name?: unknown; version?: unknown };
  try {
    said = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as typeof said;
  } catch {
    return {};
  }
  const member = (key: 'name' | 'version'): object => {
    const value = said?.[key];
    return typeof value === 'string' && value.trim() !== '' ? { [key]: value } : {};
  };
  return { ...member('name'), ...member('version') };
}

/** The value itself, but as text where it may hold a credential or is no data. */
function jsonValue(option: Option, values: Values): unknown {
  if (option.secret || option.name === 'endpoint' || option.env.length === 0) {
    const text = showValue(option, values);
    return text === '(none)' ? null : text;
  }
  return pick(values as unknown as Record<string, unknown>, option.name) ?? null;
}
