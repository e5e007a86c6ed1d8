// Starts a child in every way there is, with what the app hands over frozen, and says what became of the functions.
import * as named from 'node:child_process';
import { execFileSync, execSync, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { init, recordTool, shutdown } from 'hindcast';

const out = process.argv[2];
const PROGRAM = join(import.meta.dirname, 'print-env.mjs');
const required = createRequire(import.meta.url)('child_process');
const NAMES = ['spawnSync', 'execSync', 'execFileSync'];
const members = () => [
  ...NAMES.map((name) => required[name]),
  ...NAMES.map((name) => named[name]),
  required.ChildProcess.prototype.spawn,
];
const before = members();
const ownEnv = JSON.stringify(process.env);

init();
const env = Object.freeze({ ...process.env, OWN: '1' });
const options = Object.freeze({ env, encoding: 'utf8' });
const args = (name) => Object.freeze([PROGRAM, join(out, name)]);
const line = (name) => `"${process.execPath}" "${PROGRAM}" "${join(out, name)}"`;
const closed = (child) => once(child, 'close');
const all = async (suffix) => {
  await closed(named.spawn(process.execPath, args(`spawn${suffix}`), options));
  await closed(named.fork(PROGRAM, [join(out, `fork${suffix}`)], Object.freeze({ env, silent: true })));
  await closed(named.exec(line(`exec${suffix}`), options));
  await closed(named.execFile(process.execPath, args(`execFile${suffix}`), options));
  spawnSync(process.execPath, args(`spawnSync${suffix}`), options);
  console.log(
    execFileSync(process.execPath, args(`execFileSync${suffix}`), options),
    execSync(line(`execSync${suffix}`), options),
  );
};
await recordTool('start', all)('');
// Without options, and without arguments.
execSync(line('bare'));
execFileSync(process.execPath, args('bareFile'));
spawnSync(line('bareShell'), { shell: true });
// The app says itself what the child belongs to: also nothing.
execSync(line('told'), { env: { ...env, HINDCAST_PARENT_SESSION: 'ses_other' } });
execSync(line('nothing'), { env: { ...env, HINDCAST_PARENT_SESSION: '' } });
for (const wrong of [[5], ['x', 5], ['x', [], 5], ['x', [], []], ['x', [], null]]) {
  try {
    spawnSync(...wrong);
  } catch (error) {
    console.log(error.code);
  }
}
console.log(spawnSync.name, spawnSync.length, execSync.length, JSON.stringify(process.env) === ownEnv);
await shutdown();
await all('After');
console.log(members().every((member, i) => member === before[i]));
