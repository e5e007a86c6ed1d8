/**
 * Measures what docs/reliability.md says, and writes it: `node scripts/reliability.ts` after a build; `--kills N` kills each program N times instead of 25, `--print` writes nothing.
 * The tests run a short form of the same code (test/reliability).
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { cpus, release } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { BACKENDS, deliveryOf, type DeliveryRow } from '../test/reliability/delivery.ts';
import { FAULTS, faultOf, type FaultRow, HOOKS } from '../test/reliability/faults.ts';
import { type LoadName, loadOf, type LoadRow } from '../test/reliability/loads.ts';
import { placeOf, type PlaceRow, PLACES } from '../test/reliability/surroundings.ts';
import { type WayRow, waysOut } from '../test/reliability/ways.ts';

const { values } = parseArgs({
  options: { kills: { type: 'string', default: '25' }, print: { type: 'boolean', default: false } },
});
const kills = Number(values.kills);
const file = join(import.meta.dirname, '../docs/reliability.md');
const LOADS: readonly [LoadName, number, string][] = [
  ['flood', 100_000, 'events at full speed, the backend down'],
  ['payload', 20_000_000, 'bytes in a request, and as many in its answer'],
  ['chunks', 100_000, 'chunks in one stream'],
  ['values', 5_000, 'levels deep; cyclic, hostile and endless values'],
  ['sessions', 5_000, 'sessions, a hundred open at a time'],
];

const yes = (holds: boolean): string => (holds ? 'yes' : '**no**');
const number = (value: number): string => value.toLocaleString('en');
const table = (heads: string[], rows: (string | number)[][]): string =>
  [heads, heads.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n');

async function gather<I, R>(what: string, items: readonly I[], measure: (item: I) => Promise<R | null>): Promise<R[]> {
  const rows: R[] = [];
  for (const [index, item] of items.entries()) {
    process.stderr.write(`${what} ${index + 1} of ${items.length}\n`);
    const row = await measure(item);
    if (row !== null) rows.push(row);
  }
  return rows;
}

const delivery = (rows: readonly DeliveryRow[]): string =>
  table(
    [
      'backend while the program was killed',
      'mode',
      'kills',
      'finished',
      'arrived',
      'refused by the backend',
      'lost',
      'held twice',
      'sent again',
    ],
    rows.map((row) => [
      row.backend,
      row.mode,
      row.kills,
      ...[row.finished, row.delivered, row.refused, row.lost, row.doubled, row.sentAgain].map(number),
    ]),
  );

const ways = (rows: readonly WayRow[]): string =>
  table(
    [
      'way out',
      'bare',
      'the same alone / backend up / hanging',
      'recorded as',
      'span arrived',
      'longer, ms: alone / up / hanging',
    ],
    rows.map(({ way, bare, same, state, delivered, longerMs }) => [
      `\`${way}\``,
      bare,
      same.map(yes).join(' / '),
      state,
      delivered ? 'at the end' : 'at the next start',
      longerMs.map((ms) => number(ms)).join(' / '),
    ]),
  );

const places = (rows: readonly PlaceRow[]): string =>
  table(
    ['place', 'program the same', 'events', 'recorded', 'unsound lines', 'arrived', 'held twice'],
    rows.map((row) => [
      row.place,
      yes(row.same),
      ...[row.finished, row.recorded, row.problems, row.delivered, row.doubled].map(number),
    ]),
  );

const faults = (rows: readonly FaultRow[]): string =>
  table(
    ['at fault', ...FAULTS.map((fault) => `\`${fault}\``)],
    HOOKS.map((hook) => [
      hook,
      ...FAULTS.map((fault) => {
        const row = rows.find((one) => one.hook === hook && one.fault === fault)!;
        return `${yes(row.same && row.events === 8)}, said ${row.said.length}`;
      }),
    ]),
  );

const loads = (rows: readonly LoadRow[]): string =>
  table(
    [
      'load',
      'result the same',
      'events recorded',
      'CPU bare → recorded, ms',
      'memory at most, bare → recorded, MB',
      'files open after',
      'recordings, MB',
    ],
    rows.map(({ load, count, same, bare, recorded, events, recordedMb }) => [
      `${number(count)} ${LOADS.find(([name]) => name === load)![2]}`,
      yes(same),
      number(events),
      `${number(bare.cpuMs)} → ${number(recorded.cpuMs)}`,
      `${bare.peakMb} → ${recorded.peakMb}`,
      recorded.files - bare.files,
      recordedMb.toFixed(1),
    ]),
  );

const killed = await gather(
  'delivery',
  BACKENDS.flatMap((backend) => [[backend, 'full'] as const, [backend, 'metadata'] as const]),
  ([backend, mode]) => deliveryOf(backend, mode, kills),
);
const left = (await gather('ways out', [undefined], () => waysOut())).flat();
const stood = await gather('places', PLACES, placeOf);
const faulty = await gather(
  'faults',
  HOOKS.flatMap((hook) => FAULTS.map((fault) => [hook, fault] as const)),
  ([hook, fault]) => faultOf(hook, fault),
);
const loaded = await gather('loads', LOADS, ([load, count]) => loadOf(load, count));

const sum = (rows: readonly DeliveryRow[], of: (row: DeliveryRow) => number): number =>
  rows.reduce((all, row) => all + of(row), 0);
const { version } = JSON.parse(readFileSync(join(import.meta.dirname, '../package.json'), 'utf8')) as { version: string };
const text = `# What holds when things go wrong

Measured by \`npm run build && node scripts/reliability.ts\`, which anyone can run; written by it as well. hindcast ${version}, Node ${process.version}, ${cpus().length} cores, Linux ${release()}. A short form of each table is part of \`npm test\`.

## Delivery

A program finishes events as fast as it can, and writes down the name of each one when it has its result. It is killed with \`SIGKILL\` at a random moment within 300 ms, again and again, while its backend is in the state of the row. Then the backend is well, the program is
started once more, and flushes. *Lost*: its result was there, and the backend has it not. *Held twice*: the backend has one event under two span ids. *Sent again*: the same span id once more, because the answer to it was never heard; a backend that stores by id holds it once.

**${number(sum(killed, ({ finished }) => finished))} events, ${number(sum(killed, (row) => row.kills))} kills: ${number(sum(killed, ({ lost }) => lost))} lost, ${number(sum(killed, ({ doubled }) => doubled))} held twice.**

${delivery(killed)}

An outage of 20 minutes passes in virtual time in \`test/otel/shipper.test.ts\`: nothing refused, nothing lost, the requests bounded by the backoff of a minute. What the disk budget forces out goes oldest first, events that wait for export last, and is counted in the recording and
said by \`hindcast show\` and \`doctor\` (docs/decisions/0013-disk-budget.md).

## Ways out of a program

Each with hindcast alone, with a backend, and with one that takes the connection and never answers. *The same*: stdout, exit code and signal are the bare program's. What has not arrived when a process ends arrives at the next start in the project. \`exitTimeoutMs\` (1,500 ms) bounds
what a hanging backend can cost; \`flushed\` is a program that waits 500 ms of its own for \`flush(500)\` before that, as a serverless function does.

${ways(left)}

## Places

${places(stood)}

A clock of the system cannot be set here without disturbing everything else on the machine: the program's own is. Times in recordings are monotonic from the start of the process.

## Faults of the app's own code

An agent of four model calls and four tool calls, one of which fails, with an exporter, a processor, a redactor or a classifier that is at fault. *yes*: stdout and exit code are the bare program's, and all eight events are recorded. *said*: lines on stderr.

${faults(faulty)}

Faults of our own hooks in the SDKs are injected in each of them by the contract suite of the providers (\`src/testing/contract/own-faults.ts\`), and into the disk by \`test/fuzz/injected-faults.test.ts\`.

## Loads

${loads(loaded)}

## Privacy

What leaves the machine is looked through for canary strings by \`test/scenarios/canary\`: prompts, answers, tool data, errors, stacks, URLs, headers, metadata, tags and paths of every provider's SDK; 0 hits in what is sent, in metadata recordings and on stderr. Forms of secrets that \`hindcast share\`
takes out, with the corpus they are tried on, are in docs/privacy.md.
`;
if (values.print) process.stdout.write(text);
else writeFileSync(file, text);
