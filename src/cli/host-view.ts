/** What a session ran on, as lines of text. */
import type { HostFacts, SessionLine } from '../events/lines.ts';
import { count, size } from '../analysis/figures.ts';
import { oneLine, pad } from './printable.ts';
import type { Terminal } from './terminal.ts';

/** Packages that are listed without `--verbose`. */
const PACKAGES_MAX = 12;

/** The machine and the project; what is not known is left out. */
export function renderHost(host: HostFacts | undefined, header: SessionLine, terminal: Terminal): string[] {
  const { os, cpu, memory, disk, packages } = host ?? {};
  const rows: [string, string | undefined][] = [
    ['system', words(os?.distro, os?.release, os?.kernel && `kernel ${os.kernel}`) ?? header.platform],
    ['arch', os?.arch ?? header.arch],
    ['processor', words(cpu?.brand, cpu?.cores === undefined ? undefined : `(${count(cpu.cores, 'core')})`)],
    ['memory', room(memory)],
    ['disk', room(disk)],
    ['container', host?.container],
    ['CI', host?.ci],
    ['Node', header.node],
    ['hindcast', header.sdk],
    ['package manager', host?.packageManager],
    ['project', host?.projectRoot],
    ['folder', header.cwd],
    ['declared', list(packages?.declared, terminal)],
    ['loaded', list(packages?.loaded, terminal)],
  ];
  const shown = rows.flatMap(([name, value]) => (value === undefined || value === '' ? [] : [[name, value] as const]));
  const width = Math.max(...shown.map(([name]) => name.length));
  const lines = shown.map(([name, value]) => `  ${terminal.paint('dim', pad(name, width))}  ${oneLine(value)}`);
  if (host !== undefined) return lines;
  const why =
    header.mode === 'full' ? 'it is looked up once, and is known from the next session on' : 'only a full recording holds it';
  return [...lines, terminal.paint('dim', `  Nothing more is recorded of the machine: ${why}.`)];
}

function words(...parts: (string | undefined)[]): string | undefined {
  const said = parts.filter((part) => part !== undefined && part !== '');
  return said.length === 0 ? undefined : said.join(' ');
}

function room(of: { total?: number; free?: number } | undefined): string | undefined {
  const free = of?.free === undefined ? undefined : `${size(of.free)} free`;
  return words(of?.total === undefined ? undefined : size(of.total), of?.total !== undefined && free ? `(${free})` : free);
}

function list(packages: Record<string, string> | undefined, { verbose }: Terminal): string | undefined {
  const all = Object.entries(packages ?? {}).sort(([a], [b]) => (a < b ? -1 : 1));
  if (all.length === 0) return undefined;
  const shown = verbose ? all : all.slice(0, PACKAGES_MAX);
  const more = all.length - shown.length;
  return shown.map(([name, version]) => `${name} ${version}`).join(', ') + (more === 0 ? '' : `, and ${more} more: --verbose`);
}
