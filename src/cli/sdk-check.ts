/** Which copies of SDKs the project holds, and what of each would be recorded: each is loaded here and patched, as a program that uses it would, and put back. */
import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';
import { guard } from '../core/diagnostics.ts';
import { findCopies } from '../patch/reach.ts';
import type { CopyReport, ModuleReport } from '../patch/reach.ts';
import { undoAll } from '../patch/registry.ts';
import { isTested } from '../providers/judgement.ts';
import type { PatchReport, Provider } from '../providers/provider.ts';
import { providers } from '../providers/table.ts';
import type { Check } from './checks.ts';

const MISSING_NAMED_MAX = 8;

/** Each copy of a supported SDK that can be found from `cwd`, with what is recorded of it and why the rest is not. */
export async function checkSdks(cwd: string): Promise<Check[]> {
  const targets = providers.flatMap((provider) => provider.targets);
  const checks: Check[] = [];
  for (const copy of findCopies(targets, [cwd])) checks.push(await checkCopy(copy));
  if (checks.length > 0) return checks;
  const names = [...new Set(targets.map((target) => target.package))].join(', ');
  return [
    { what: 'SDKs', verdict: 'note', found: `none of ${names} is installed here`, todo: 'Run it in the folder of the program' },
  ];
}

async function checkCopy(copy: CopyReport): Promise<Check> {
  const what = `${copy.package} ${copy.version}`;
  const provider = providers.find(({ targets }) => targets[0].package === copy.package)!;
  const formats = [...new Set(copy.modules.map(({ format }) => format))].join(', ');
  const patched = new Set<string>();
  const missing = new Set<string>();
  const failures: string[] = [];
  for (const each of copy.modules) {
    const report = await tryPatching(provider, copy, each);
    if (typeof report === 'string') failures.push(`${each.format}: ${report}`);
    else {
      for (const name of report.patched) patched.add(name);
      for (const name of report.missing) missing.add(name);
    }
  }
  const gone = [...missing].filter((name) => !patched.has(name));
  const where = formats === '' ? copy.dir : `${copy.dir} (${formats})`;
  if (patched.size === 0) {
    const why =
      failures[0] ??
      (formats === '' ? 'the module that defines its classes is not where it is known to be' : 'none of its methods is known');
    return { what, verdict: 'warn', found: `${where}: not recorded`, todo: `Its calls go through as without hindcast: ${why}` };
  }
  const found = [`${where}: ${patched.size} methods patched`];
  if (gone.length > 0) found.push(`not in this version: ${some(gone)}`);
  if (failures.length > 0)
    return { what, verdict: 'warn', found: found.join('; '), todo: `Could not be loaded: ${failures.join('; ')}` };
  if (isTested(provider, copy.version)) return { what, verdict: 'ok', found: found.join('; ') };
  const todo = `Nobody has tried this version (tested: ${provider.tested.join(', ')}): look whether its calls are in a recording`;
  return { what, verdict: 'warn', found: found.join('; '), todo };
}

/** What `provider` replaces in one module; a string says why it could not be loaded. Everything is put back. */
async function tryPatching(
  provider: Provider,
  copy: CopyReport,
  { target, file, format }: ModuleReport,
): Promise<PatchReport | string> {
  try {
    const namespace: object = format === 'cjs' ? createRequire(file)(file) : await import(pathToFileURL(file).href);
    return provider.patch({ target, package: copy.package, version: copy.version, dir: copy.dir, file, format, namespace });
  } catch (error) {
    return String((error as { code?: unknown } | null)?.code ?? error);
  } finally {
    guard('cli.undo', undoAll, undefined);
  }
}

function some(names: readonly string[]): string {
  const rest = names.length - MISSING_NAMED_MAX;
  return names.slice(0, MISSING_NAMED_MAX).join(', ') + (rest > 0 ? ` and ${rest} more` : '');
}
