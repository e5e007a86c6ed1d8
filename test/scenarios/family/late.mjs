// Loads node:child_process after init(), in the way that it is told.
import { join } from 'node:path';
import { createRequire } from 'node:module';
import { init, recordTool } from 'hindcast';

const [out, way] = process.argv.slice(2);
init();
const before = process.moduleLoadList.includes('NativeModule child_process');
const load = {
  import: () => import('node:child_process'),
  require: async () => createRequire(import.meta.url)('child_process'),
  builtin: async () => process.getBuiltinModule('node:child_process'),
};
await recordTool('start', async () => {
  const { execFileSync, execFile } = await load[way]();
  const args = (name) => [join(import.meta.dirname, 'print-env.mjs'), join(out, name)];
  await new Promise((resolve) => execFile(process.execPath, args('async'), resolve));
  execFileSync(process.execPath, args('sync'));
})();
console.log(before);
