// Prints in every way there is. Arguments: where to import hindcast from, or `plain`; the file for what the program itself saw; `before` or `after`: another tool replaces `write`.
import { writeFileSync } from 'node:fs';
import { Console } from 'node:console';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';

const [where, seenFile, tool] = process.argv.slice(2);
const seen = [];
const replaceWrite = () => {
  const { write } = process.stdout;
  process.stdout.write = function (chunk, ...rest) {
    return write.call(this, typeof chunk === 'string' ? chunk.replaceAll('secret', '******') : chunk, ...rest);
  };
};
if (tool === 'before') replaceWrite();
const had = [
  process.stdout.write,
  process.stderr.write,
  process.stdout.end,
  console.log,
  console.table,
  Object.keys(process.stdout),
];
// An import in any case: what runs after one has other callers on its stack.
const hindcast = await import(where === 'plain' ? 'data:text/javascript,export const nothing = 0' : where);
hindcast.init?.();
if (tool === 'after') replaceWrite();

console.log('plain %s %d %o', 'text', 42, { a: [1] }, 'more');
console.info('a secret');
console.error(new Error('boom', { cause: new TypeError('why') }));
console.warn('warned');
console.debug('');
console.log();
console.table([{ a: 1, b: 'x' }, { a: 2 }]);
console.table('no table');
console.group('outer', 1);
console.log('inner\nlines');
console.groupCollapsed('deeper');
console.error('deep');
console.groupEnd();
console.groupEnd();
console.dir({ deep: { deeper: { deepest: {} } } }, { depth: 0 });
console.assert(false, 'asserted %s', 'so');
console.assert(true, 'not');
console.count('c');
console.countReset('never');
console.trace('traced');
const circle = { name: 'circle' };
circle.self = circle;
console.log(circle);
const nosy = {
  get [Symbol.toStringTag]() {
    console.error('from a getter');
    return 'Nosy';
  },
};
console.log(nosy);
console.log(
  {
    [Symbol.for('nodejs.util.inspect.custom')]() {
      throw new Error('inspect');
    },
  }.constructor.name,
);
try {
  console.log({
    [Symbol.for('nodejs.util.inspect.custom')]() {
      throw new Error('inspect');
    },
  });
} catch (error) {
  seen.push(error.message);
}
new Console(process.stdout, process.stderr).log('by a console of its own');
const { log } = console;
log('torn off');

const after = (name) => (error) => seen.push(`${name} ${error ?? 'done'}`);
seen.push(
  process.stdout.write('text\n'),
  process.stdout.write('cb\n', after('cb')),
  process.stdout.write('c3a90a', 'hex', after('hex')),
);
seen.push(process.stdout.write('\u00e9\n', 'latin1'), process.stdout.write(''), process.stdout.write(Buffer.from('bytes\n')));
seen.push(process.stdout.write(new Uint16Array([0x6161, 0x0a62])), process.stderr.write('to stderr\n'));
const [first, second] = [Buffer.from('🎉').subarray(0, 2), Buffer.concat([Buffer.from('🎉').subarray(2), Buffer.from('\n')])];
process.stdout.write(first);
process.stdout.write(second);
process.stdout.cork();
process.stdout.write('corked ');
process.stdout.write(Buffer.from([0xe2, 0x82]));
process.stdout.write(Buffer.from([0xac, 0x0a]));
process.nextTick(() => process.stdout.uncork());
for (const bad of [null, 7, undefined, {}]) {
  try {
    process.stdout.write(bad);
  } catch (error) {
    seen.push(error.code);
  }
}
await new Promise((resolve) => process.stdout.write('waited\n', resolve));
// How soon a pipe is full is the reader's affair; that `write` says so is the stream's.
let wrong = 0;
for (let i = 0; i < 200; i++) {
  const more = process.stdout.write(`${i} ${'x'.repeat(4000)}\n`);
  if (more === process.stdout.writableNeedDrain) wrong++;
}
seen.push(`${wrong} wrong`);
if (process.stdout.writableNeedDrain) await new Promise((resolve) => process.stdout.once('drain', resolve));
await pipeline(Readable.from(['piped ', 'through\n']), process.stdout, { end: false });
if (tool !== 'after') seen.push(Object.keys(process.stdout));
const { write } = process.stdout;
process.stdout.write = process.stderr.write;
process.stdout.write('by the method of the other\n');
process.stdout.write = write;

await hindcast.shutdown?.();
const has = [
  process.stdout.write,
  process.stderr.write,
  process.stdout.end,
  console.log,
  console.table,
  Object.keys(process.stdout),
];
if (tool === undefined) seen.push(...had.map((member, i) => Array.isArray(member) || member === has[i]));
await new Promise((resolve) => setTimeout(resolve, 20));
writeFileSync(seenFile, JSON.stringify(seen));
process.stdout.end('the end\n');
