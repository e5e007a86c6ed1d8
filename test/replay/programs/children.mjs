/** Starts children in every way that there is, whose output is another in each run. Each leaves a marker, which a replay must not. */
import { exec, execFile, execFileSync, execSync, fork, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { promisify } from 'node:util';

const marker = process.env.MARKERS;
const dice = 'od -An -N4 -tu4 /dev/urandom';
const missing = ['no', 'such', 'command'].join('-');
const mark = `: > ${marker}/$$`;
await fetch(`${process.env.MODEL_URL}/weather`).then((answer) => answer.text());

/** Everything that a child tells, in the order in which it does. */
function told(child) {
  const events = [];
  for (const name of ['spawn', 'error', 'exit', 'close', 'disconnect', 'message'])
    child.on(name, (...given) => events.push([name, ...given.map((each) => each?.code ?? each)]));
  for (const [name, stream] of Object.entries({ in: child.stdin, out: child.stdout, err: child.stderr })) {
    for (const event of ['end', 'close', 'finish', 'error'])
      stream?.on(event, (given) => events.push([name, event, given?.code]));
    if (name !== 'in') stream?.on('data', (bytes) => events.push([name, 'data', String(bytes)]));
  }
  const closed = [child, child.stdin].filter(Boolean).map((each) => new Promise((resolve) => each.on('close', resolve)));
  return Promise.all(closed).then(() => ({ pid: child.pid, ...child, events }));
}
const print = (name, { pid, exitCode, signalCode, killed, events }) =>
  console.log(name, JSON.stringify({ pid, exitCode, signalCode, killed, events }));

const [one, two] = await Promise.all(
  ['first', 'second'].map((name) => told(spawn('sh', ['-c', `${mark}; echo ${name}; ${dice}; ${dice} >&2; exit 3`]))),
);
print('both', one);
print('both', two);

const cat = spawn('sh', ['-c', `${mark}; cat; ${dice}`]);
const read = told(cat);
cat.stdin.write('what is written\n', () => console.log('written'));
cat.stdin.end('and the end\n');
print('stdin', await read);

const much = spawn('sh', ['-c', `${mark}; sleep 0.05; wc -c; ${dice}`]);
const counted = told(much);
console.log('room', much.stdin.write(Buffer.alloc(300_000, 'x')));
much.stdin.once('drain', () => much.stdin.end());
print('back-pressure', await counted);

const deaf = spawn('sh', ['-c', `${mark}; exec 0<&-; echo deaf; sleep 0.05`]);
const broken = told(deaf);
await once(deaf.stdout, 'data');
deaf.stdin.write('nobody reads this');
print('EPIPE', await broken);

print('ENOENT', await told(spawn(missing, ['at', 'all'])));
print('crash', await told(spawn('sh', ['-c', `${mark}; kill -SEGV $$`])));

const killed = spawn('sleep', ['60']);
const end = told(killed);
console.log('kill', killed.kill('SIGINT'), process.kill(killed.pid, 0));
print('killed', await end);
console.log('again', killed.kill());

console.log('exec', await promisify(exec)(`${mark}; ${dice}; echo for the errors >&2`));
for (const start of [
  () => promisify(execFile)('sh', ['-c', `${mark}; echo part; exit 4`]),
  () => promisify(exec)('sleep 20', { timeout: 60, killSignal: 'SIGKILL' }),
  () => promisify(exec)('yes', { maxBuffer: 1000 }),
  () => promisify(exec)('sleep 20', { signal: AbortSignal.timeout(40) }),
]) {
  const { name, message, code, killed: wasKilled, signal, stdout } = await start().catch((error) => error);
  console.log('failed', { name, message, code, wasKilled, signal, stdout });
}

console.log(
  'sync',
  String(execSync(`${mark}; ${dice}; echo printed >&2`)),
  execFileSync('sh', ['-c', dice], { encoding: 'utf8' }),
);
console.log(
  'much',
  execSync('head -c 3000000 /dev/urandom', { maxBuffer: 2 ** 30 }).reduce((sum, byte) => (sum * 31 + byte) | 0, 0),
);
console.log('given', spawnSync('sh', ['-c', `${mark}; cat; ${dice}`], { input: 'the input', encoding: 'utf8' }));
console.log('none', spawnSync(missing).error.message);
for (const command of [`${mark}; echo a; ${dice} >&2; exit 7`, missing]) {
  try {
    execSync(command, { stdio: 'pipe' });
  } catch (error) {
    console.log('thrown', { ...error });
  }
}

const first = spawn('sh', ['-c', `${mark}; ${dice}`]);
const second = spawn('tr', ['0-9', 'a-j'], { stdio: [first.stdout, 'pipe', 'inherit'] });
console.log('piped', String((await once(second.stdout, 'data'))[0]));
const pieces = [];
for await (const piece of spawn('sh', ['-c', `for i in 1 2 3; do ${dice}; sleep 0.01; done`]).stdout) pieces.push(String(piece));
// In one line: how many come of the three is up to the machine.
console.log('piece', JSON.stringify(pieces));

const kid = fork(new URL('forked.mjs', import.meta.url), ['argument'], { silent: true });
const kept = told(kid);
kid.send({ ask: 'one' });
console.log('first', await once(kid, 'message'));
await new Promise((resolve) => setTimeout(resolve, 20));
kid.send('two');
console.log('second', await once(kid, 'message'));
kid.send('bye');
print('forked', await kept);
process.exitCode = 5;
