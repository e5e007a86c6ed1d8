/** C2 further clients: each takes what runs in its sessions, and nothing else does. */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { Recordings } from '../session/rig.ts';
import { attributesOf, startReceiver, type Receiver } from '../support/otlp-receiver.ts';
import { startPrograms, type Programs } from '../support/programs.ts';

let programs: Programs;
const receivers: Receiver[] = [];
beforeAll(async () => {
  programs = await startPrograms();
});
afterAll(() => programs.close());
afterEach(async () => {
  for (const receiver of receivers.splice(0)) await receiver.close();
});

async function receiver(...args: Parameters<typeof startReceiver>): Promise<Receiver> {
  const started = await startReceiver(...args);
  receivers.push(started);
  return started;
}

const namesOf = (of: Receiver): string[] =>
  of.requests
    .filter(({ accepted }) => accepted)
    .flatMap(({ spans }) => spans.map(({ name }) => name))
    .toSorted();
const eventsIn = (dir: string): string[] => {
  const recordings = new Recordings(join(dir, 'recordings'));
  return recordings.ids().flatMap((id) => recordings.events(id).map(({ name }) => name));
};

const TOOLS = `const tool = (name) => recordTool(name, () => new Promise((resolve) => setTimeout(resolve, 5)))();`;

describe('C2 a further client', () => {
  it('takes what runs in its sessions and only that, once, with its own mode, tags, prices and exporter', async () => {
    const { code, stderr, cwd, stdout } = await programs.run(`
      ${TOOLS}
      const of = { main: [], a: [], b: [] };
      const to = (name) => ({ export: (batch) => void of[name].push(...batch) });
      init({ quiet: true, tags: ['main'], exporter: to('main') });
      const a = createClient({ quiet: true, tags: ['a'], agent: { id: 'a' }, exporter: to('a'), prices: { 'gpt-4o-mini': { input: 1e6, output: 0 } } });
      const b = createClient({ quiet: true, record: 'metadata', exporter: to('b') });
      await tool('main');
      await a.run(async () => {
        await tool('a');
        await ask('in a');
        await b.run(() => tool('b inside a'));
        await tool('a again');
        same(currentSession() === a.session, true, 'current session of a');
      });
      const session = b.startSession({ name: 'own' });
      await session.run(async () => { await tool('b'); startSession({ name: 'nested' }).run(() => tool('b nested')); });
      await Promise.all([tool('main again'), a.run(() => tool('a beside')), b.run(() => tool('b beside'))]);
      same(currentSession() === a.session, false, 'current session outside');
      await new Promise((resolve) => setTimeout(resolve, 20));
      await Promise.all([flush(), a.flush(), b.flush()]);
      console.log(JSON.stringify(Object.fromEntries(Object.entries(of).map(([name, got]) => [name, got.map(({ event, session }) => ({ name: event.name, session, cost: event.cost }))]))));
      await Promise.all([a.shutdown(), b.shutdown(), shutdown()]);
    `);
    expect([code, stderr]).toEqual([0, '']);
    const of = JSON.parse(stdout) as Record<string, { name: string; session: any; cost?: { usd: number } }[]>;
    const names = (name: string) => of[name]!.map((one) => one.name.replace('execute_tool ', '')).toSorted();
    expect(names('main')).toEqual(['main', 'main again']);
    expect(names('a')).toEqual(['a', 'a again', 'a beside', 'chat gpt-4o-mini']);
    expect(names('b')).toEqual(['b', 'b beside', 'b inside a', 'b nested']);
    expect(
      of['a']!.every(({ session }) => session.mode === 'full' && session.agent.id === 'a' && session.parent === undefined),
    ).toBe(true);
    expect(of['a']!.find(({ name }) => name.startsWith('chat'))?.cost?.usd).toBe(10);
    expect(of['b']!.every(({ session }) => session.mode === 'metadata')).toBe(true);
    const nested = of['b']!.find(({ name }) => name.endsWith('nested'))!;
    expect([nested.session.name, nested.session.parent]).toEqual([
      'nested',
      of['b']!.find(({ session }) => session.name === 'own')?.session.id,
    ]);
    const folder = join(cwd, '.hindcast');
    expect(eventsIn(folder)).toHaveLength(2);
    expect(eventsIn(join(folder, 'clients/1'))).toHaveLength(4);
  });

  it('without init(): everything else goes nowhere, and what runs in a client that is over as well', async () => {
    const { code, stderr, cwd } = await programs.run(`
      ${TOOLS}
      const a = createClient({ quiet: true, dir: 'of-a' });
      await tool('nowhere');
      await ask('nowhere');
      let late;
      await a.run(async () => { await tool('a'); late = new Promise((resolve) => setTimeout(async () => { await tool('late'); await ask('late'); resolve(); }, 50)); });
      init({ quiet: true });
      await a.shutdown();
      await late;
      await a.run(() => tool('over'));
      await a.startSession().run(() => tool('over'));
      await a.session.run(() => tool('over'));
      const off = createClient({ enabled: false });
      await off.run(() => tool('off'));
      await off.startSession().run(() => tool('off'));
      await tool('main');
    `);
    expect([code, stderr]).toEqual([0, '']);
    expect(eventsIn(join(cwd, 'of-a'))).toEqual(['execute_tool a']);
    expect(eventsIn(join(cwd, '.hindcast'))).toEqual(['execute_tool main']);
  });

  it('takes no folder, session id or parent that the environment names for the process', async () => {
    const { cwd } = await programs.run(
      `${TOOLS} init({ quiet: true }); const a = createClient({ quiet: true }); await tool('main'); await a.run(() => tool('a')); await a.shutdown();`,
      { env: { HINDCAST_DIR: 'named', HINDCAST_SESSION_ID: 'given', HINDCAST_PARENT_SESSION: 'above' } },
    );
    expect(eventsIn(join(cwd, 'named'))).toEqual(['execute_tool main']);
    const own = new Recordings(join(cwd, 'named/clients/1/recordings'));
    expect(own.header(own.ids()[0]!)).not.toHaveProperty('parent');
    expect(own.ids()).not.toEqual(['given']);
  });

  it('each backend gets its own only: while it runs, at the end of the process, and after a crash', async () => {
    const [x, y] = [await receiver(), await receiver()];
    const cwd = programs.newProject();
    const begin = `${TOOLS} init({ quiet: true, endpoint: '${x.url}' }); const a = createClient({ quiet: true, endpoint: '${y.url}' });`;
    await programs.run(`${begin} await tool('x1'); await a.run(() => tool('y1')); await flush(); await a.flush();`, { cwd });
    expect([namesOf(x), namesOf(y)]).toEqual([['execute_tool x1'], ['execute_tool y1']]);
    const held = begin.replaceAll('quiet: true', 'quiet: true, flushIntervalMs: 60_000');
    await programs.run(`${held} await tool('x2'); await a.run(() => tool('y2'));`, { cwd });
    expect([namesOf(x), namesOf(y)]).toEqual([
      ['execute_tool x1', 'execute_tool x2'],
      ['execute_tool y1', 'execute_tool y2'],
    ]);
    await programs.run(
      `${held} await tool('x3'); await a.run(() => tool('y3')); console.log('ready'); setInterval(() => {}, 1000);`,
      {
        cwd,
        onLine: (_, child) => child.kill('SIGKILL'),
      },
    );
    // The default client alone: what the other one left is not its to send.
    await programs.run(`init({ quiet: true, endpoint: '${x.url}' }); await flush();`, { cwd });
    expect(namesOf(x)).toHaveLength(3);
    expect(namesOf(y)).toHaveLength(2);
    await programs.run(`${begin} await flush(); await a.flush();`, { cwd });
    expect([namesOf(x), namesOf(y)].map((names) => names.at(-1))).toEqual(['execute_tool x3', 'execute_tool y3']);
    expect([namesOf(x).length, namesOf(y).length]).toEqual([3, 3]);
    expect(attributesOf(x.requests[0]!.spans[0]!.attributes)).toHaveProperty('session.id');
  });

  it('the end of the process ends the sessions of all, once each, and waits for all backends together', async () => {
    const hanging = [await receiver(() => 'hang'), await receiver(() => 'hang'), await receiver(() => 'hang')];
    const { code, cwd, stdout } = await programs.run(`
      ${TOOLS}
      init({ quiet: true, endpoint: '${hanging[0]!.url}', exitTimeoutMs: 700 });
      const clients = [createClient({ quiet: true, endpoint: '${hanging[1]!.url}', exitTimeoutMs: 700 }), createClient({ quiet: true, endpoint: '${hanging[2]!.url}', exitTimeoutMs: 700 })];
      await tool('main');
      for (const client of clients) await client.run(() => tool('further'));
      const { default: child } = await import('node:child_process');
      const original = child.spawnSync;
      child.spawnSync = (...args) => { console.log('delivered', JSON.parse(args[2].input).length, args[2].timeout); return original(...args); };
      process.exitCode = 3;
    `);
    expect([code, stdout]).toEqual([3, 'delivered 3 700\n']);
    for (const folder of ['', 'clients/1', 'clients/2']) {
      const recordings = new Recordings(join(cwd, '.hindcast', folder, 'recordings'));
      expect(recordings.ids().map((id) => recordings.end(id))).toEqual([
        expect.objectContaining({ state: 'failure', exitCode: 3 }),
      ]);
    }
  });

  it('created and shut down 100 times between init() and shutdown(): listeners, handles and methods are back at the start', async () => {
    const { code, stderr, cwd } = await programs.run(`
      const proto = Object.getPrototypeOf(openai.chat.completions);
      const names = () => process.eventNames().map((name) => [String(name), process.listenerCount(name)]).filter(([, n]) => n > 0).sort();
      await ask();
      const before = { names: names(), create: proto.create };
      const active = () => process.getActiveResourcesInfo().filter((name) => !/Socket|TCP|TTY|Pipe/.test(name)).length;
      const handles = active();
      for (let i = 0; i < 100; i++) {
        const first = i % 2 === 0;
        if (first) init({ quiet: true });
        const a = createClient({ quiet: true });
        const b = createClient({ quiet: true });
        if (!first) init({ quiet: true });
        const during = names();
        await (i % 3 === 0 ? shutdown() : a.shutdown());
        same(names(), during, 'listeners while one is left');
        same(proto.create !== before.create, true, 'patched while one is left');
        await Promise.all([a.shutdown(), shutdown(), b.shutdown()]);
        same(names(), before.names, 'listeners');
        same(proto.create === before.create, true, 'create');
      }
      await new Promise((resolve) => setTimeout(resolve, 150));
      same(active() <= handles, true, 'handles');
      const a = createClient({ quiet: true });
      await a.run(() => ask());
      await a.shutdown();
    `);
    expect([code, stderr]).toEqual([0, '']);
    expect(readdirSync(join(cwd, '.hindcast/clients'))).toEqual(['1']);
    expect(eventsIn(join(cwd, '.hindcast/clients/1'))).toEqual(['chat gpt-4o-mini']);
  });

  it('that shares a folder with another one is said', async () => {
    const { said } = await programs.run(`init({ quiet: true, dir: 'one' }); createClient({ quiet: true, dir: 'one' });`);
    expect(said).toEqual([expect.stringMatching(/two clients record to .*one: .*give each a dir of its own/)]);
  });

  it('never throws, whatever it is given', async () => {
    const { code, stdout } = await programs.run(`
      for (const odd of [null, undefined, 7, 'x', [], { dir: 7, exporter: {}, processors: [1], redactor: 'x' }]) {
        const client = createClient(odd);
        await client.run(() => ask());
        same(Array.isArray(client.configure(odd).refused), true, 'configure');
        await client.shutdown();
      }
      console.log('still here');
    `);
    expect([code, stdout]).toEqual([0, 'still here\n']);
  });
});
