/** Whatever else gives a program time, chance or order, each in a small program: recorded, and replayed to the same output. What is not here is among the limits of decision 14. */
import { describe, expect, it } from 'vitest';
import { recordText } from './recorded.ts';

const HEAD = `
  const url = process.env.MODEL_URL;
  const ask = async (query = '') => (await (await fetch(url + '/weather' + query)).json()).said;`;

const PROGRAMS: Record<string, string> = {
  'bodies of every kind, read in every way': `
    const post = (path, init) => fetch(url + path, { method: 'POST', ...init });
    const stream = () => new ReadableStream({ async start(c) { for (const x of 'abc') { c.enqueue(Buffer.from(x)); await new Promise((r) => setTimeout(r, 2)); } c.close(); } });
    async function* pieces() { yield Buffer.from('it'); yield Buffer.from('er'); }
    console.log(await (await post('/weather?s', { body: stream(), duplex: 'half' })).json());
    console.log(await (await post('/weather?i', { body: ReadableStream.from(pieces()), duplex: 'half' })).json());
    console.log(await (await post('/weather?g', { body: pieces(), duplex: 'half' })).json());
    const fd = new FormData(); fd.set('f', new File(['x'], 'n.txt')); console.log(await (await post('/weather?f', { body: fd })).json());
    const req = new Request(url + '/weather?r', { method: 'POST', body: stream(), duplex: 'half' }); console.log(await (await fetch(req)).json(), req.bodyUsed);
    const req2 = new Request(url + '/weather?r2', { method: 'POST', body: 'q' }); const [a, b] = await Promise.all([fetch(req2.clone()), fetch(req2)]); console.log(await a.json(), await b.json());
    const r = await fetch(url + '/text'); const c = r.clone(); console.log((await r.text()).length, (await c.arrayBuffer()).byteLength, r.bodyUsed);
    const r3 = await fetch(url + '/text'); const byob = r3.body.getReader({ mode: 'byob' }); const v = await byob.read(new Uint8Array(10)); console.log(v.value.length, v.done); await byob.cancel();
    const r4 = await fetch(url + '/text'); console.log((await r4.blob()).size, (await (await fetch(url + '/weather')).bytes?.())?.length);
    const r5 = await fetch(url + '/text'); const it = r5.body.values({ preventCancel: true }); console.log((await it.next()).value.length); await it.return(); console.log(r5.body.locked); let left = 0; for await (const x of r5.body) left += x.length; console.log(left);
    console.log(await post('/weather', { body: stream() }).catch((e) => [e.name, e.message]));
    console.log(await fetch(url + '/weather', { method: 'GET', body: 'x' }).catch((e) => [e.name, e.message]), await fetch('http://127.0.0.1:1/x').catch((e) => [e.message, e.cause?.message?.replace(/\\d+/g, 'n')]));
    import { Readable } from 'node:stream'; import { pipeline } from 'node:stream/promises'; import { text } from 'node:stream/consumers';
    const r6 = await fetch(url + '/text'); let bytes = 0; await pipeline(Readable.fromWeb(r6.body), async function* (s) { for await (const x of s) { bytes += x.length; yield x; } }, async (s) => { for await (const _ of s); }); console.log(bytes, (await text(Readable.fromWeb((await fetch(url + '/text')).body))).length);`,
  'formats that are given no date': `
    const f = new Intl.DateTimeFormat('en', { dateStyle: 'full', timeStyle: 'full', fractionalSecondDigits: undefined });
    const ms = new Intl.DateTimeFormat('en', { minute: 'numeric', second: 'numeric', fractionalSecondDigits: 3 });
    console.log(f.format(), ms.format(), ms.formatToParts().map(p => p.value).join(''), ms.format(undefined));
    await ask();
    console.log(ms.format(), new Date().toLocaleString(), Date(), ms.formatRange(0, 5000));
    const bound = ms.format; console.log(bound(), [0].map(ms.format), ms.formatToParts(undefined).length);
    console.log(new Intl.DateTimeFormat('en').format.name, Object.keys(Intl.DateTimeFormat.prototype));`,
  'marks, measures, events and timers of the console': `
    performance.mark('a'); console.log(await ask());
    performance.mark('b'); const m = performance.measure('m', 'a', 'b'); console.log(m.duration, m.startTime, performance.getEntriesByName('a')[0].startTime);
    console.time('t'); await ask(); console.timeEnd('t');
    const e = new Event('x'); console.log(e.timeStamp);
    const te = performance.timerify(() => 1); te();`,
  'the state of the process and the machine': `
    import os from 'node:os';
    console.log(process.uptime(), process.hrtime(), process.cpuUsage(), process.memoryUsage().rss, process.memoryUsage.rss(), process.resourceUsage().maxRSS);
    await ask();
    console.log(os.loadavg(), os.freemem(), os.uptime(), process.pid, performance.timeOrigin, performance.toJSON().timeOrigin, process.constrainedMemory?.() > 0, process.availableMemory?.());
    console.log(os.cpus()[0].times, os.hostname() === os.hostname(), performance.eventLoopUtilization().active > 0);`,
  'random bytes in views of every kind, and keys': `
    import crypto, { generateKeyPairSync, createHash, subtle } from 'node:crypto';
    const buf = new Uint8Array(20); crypto.getRandomValues(buf.subarray(3, 9)); console.log(buf);
    console.log(crypto.getRandomValues(new BigInt64Array(2)), crypto.getRandomValues(new Int16Array(3)), crypto.randomFillSync(new Uint32Array(3), 1, 1), crypto.randomFillSync(new DataView(new ArrayBuffer(4))), crypto.randomFillSync(new ArrayBuffer(3)));
    console.log(await ask());
    const d = await globalThis.crypto.subtle.digest('SHA-256', Buffer.from('x')); console.log(Buffer.from(d).toString('hex'));
    console.log(crypto.randomUUID({ disableEntropyCache: true }), crypto.randomInt(5, 10), globalThis.crypto.randomUUID());
    await new Promise((r) => crypto.randomBytes(5, (e, b) => { console.log(b); r(); }));`,
  'promises of every kind': `
    class P extends Promise { then(a, b) { return super.then(a, b); } }
    const p = P.resolve(1).then((x) => x + 1); console.log(p instanceof P, await p);
    const thenable = { then(r) { ask('?t').then(r); } };
    console.log(await thenable, await Promise.all([thenable, ask(), ask('?2')]));
    const { promise, resolve } = Promise.withResolvers(); setTimeout(resolve, 4, 'w'); console.log(await promise);
    let n = 0; await new Promise((r) => { const go = () => (++n < 5000 ? queueMicrotask(go) : r()); go(); }); console.log(n, Math.random());
    const results = await Promise.all(Array.from({ length: 30 }, async (_, i) => { for (let k = 0; k < i; k++) await null; return ask(); })); console.log(results);
    console.log(await Promise.race([ask('?r1'), ask('?r2'), ask('?r3')]), await Promise.any([ask('?a1'), Promise.reject(1)]));
    async function* gen() { for (let i = 0; i < 3; i++) { yield ask('?g' + i); await null; } }
    for await (const x of gen()) console.log(x, Math.random());
    console.log(await Array.fromAsync(gen()));
    console.log(await structuredClone({ a: [1, new Date(Date.now())] }));`,
  'timers in every form': `
    import tp from 'node:timers/promises';
    const t = setTimeout(() => console.log('t', Date.now()), 10); console.log(t.hasRef(), t.unref().hasRef()); t.ref();
    const i = setInterval((a) => { console.log('i', a, performance.now()); if (++c === 3) clearInterval(i); }, 5, 'arg'); let c = 0;
    await tp.scheduler.wait(7); console.log('waited', await ask()); await tp.scheduler.yield(); console.log('yielded');
    let k = 0; for await (const x of tp.setInterval(3, 'v')) { console.log(x, await ask()); if (++k === 4) break; }
    setTimeout(function () { console.log(this === t2); }, 1); const t2 = setTimeout(() => {}, 1);
    const ac = new AbortController(); const w = tp.setTimeout(1000, 0, { signal: ac.signal }); setTimeout(() => ac.abort('r'), 3); await w.catch((e) => console.log(e.name, e.cause));
    const r = setTimeout(() => console.log('refreshed', Date.now()), 6); for (let q = 0; q < 5; q++) { await new Promise((d) => setTimeout(d, 2)); r.refresh(); }
    clearTimeout(+setTimeout(() => console.log('never'), 3)); const id = setTimeout(() => console.log('never'), 5)[Symbol.toPrimitive](); clearTimeout(String(id));
    { using d = setTimeout(() => console.log('never'), 3); }
    console.log(await Promise.all([tp.setTimeout(5, 'a'), tp.setTimeout(5, 'b'), tp.setImmediate('c')]));
    const nested = () => setTimeout(() => { if (++z < 6) nested(); else console.log('nested', z); }, 0); let z = 0; nested();
    setTimeout(async () => { console.log(await ask()); setImmediate(() => process.nextTick(() => console.log('late', Math.random()))); }, 2);`,
  'signals that abort': `
    const c = new AbortController(); const s = AbortSignal.any([c.signal, AbortSignal.timeout(1000)]);
    setTimeout(() => c.abort(new Error('mine')), 3);
    for (let i = 0; i < 30; i++) { try { await (await fetch(url + '/text', { signal: s })).text(); console.log(i); } catch (e) { console.log(i, e.message, s.reason?.message); break; } }
    const t = AbortSignal.timeout(8); t.addEventListener('abort', () => console.log('event', t.reason.name)); 
    console.log(await Promise.allSettled([fetch(url + '/weather', { signal: t }).then((r) => r.text()), fetch(url + '/text', { signal: t }).then((r) => r.text())]));
    console.log(await fetch(url + '/weather', { signal: AbortSignal.abort() }).catch((e) => e.name));
    const c2 = new AbortController(); const p = fetch(url + '/weather', { signal: c2.signal }); c2.abort(); console.log(await p.catch((e) => [e.name, e.message, e === c2.signal.reason]));
    const c3 = new AbortController(); const r = await fetch(url + '/text', { signal: c3.signal }); c3.abort('why'); console.log(await r.text().catch((e) => e));`,
  'errors, printed whole': `
    console.log(await fetch('http://127.0.0.1:1/x').catch((e) => e));
    console.log(await fetch('http://127.0.0.1:65533/x').catch((e) => e));
    console.log(await fetch(url + '/reset').then((r) => r.text()).catch((e) => e));
    console.log(await fetch('nonsense:/').catch((e) => e), await fetch(url + '/weather', { headers: { 'a b': '1' } }).catch((e) => e));
    const late = new Promise((_, reject) => setTimeout(() => reject(new Error('too late')), 5)); console.log(await Promise.race([late, new Promise(() => {})]).catch((e) => e));
    setImmediate(() => console.log(new Error('in an immediate'))); process.nextTick(() => console.log(new Error('in a tick'))); queueMicrotask(() => console.log(new Error('in a microtask')));
    import fs from 'node:fs'; fs.stat('/nope', (e) => { console.log(e, new Error('in a callback')); }); await fs.promises.stat('/nope').catch((e) => console.log(e));
    const { default: OpenAI } = await import(process.env.OPENAI_MODULE);
    const client = new OpenAI({ apiKey: 'none', baseURL: 'http://127.0.0.1:65533', maxRetries: 1 }); console.log(await client.models.list().catch((e) => e));
    const c = new OpenAI({ apiKey: 'none', baseURL: url, maxRetries: 0, timeout: 1 }); console.log(await c.chat.completions.create({ model: 'm', messages: [] }).catch((e) => e));
    const i = setInterval(() => { clearInterval(i); throw new Error('at the end ' + Math.random()); }, 3);
    process.on('uncaughtException', (e) => { console.log(e); process.exit(4); });`,
  'stacks of errors after all that can be waited for': `
    import fs from 'node:fs/promises'; import tp from 'node:timers/promises';
    const at = (n) => console.log(new Error(n));
    const sleep = (ms) => new Promise((r) => setTimeout(r, ms));
    await sleep(3); at('after a timer');
    await sleep(3); Date.now(); at('after a timer, clock'); await null; at('after null');
    await tp.setTimeout(2); at('after tp');
    await new Promise((r) => setImmediate(r)); at('after immediate');
    await fs.stat('/etc'); at('after stat');
    const r = await fetch(url + '/text'); at('after fetch'); for await (const _ of r.body) { at('piece'); break; }
    const f = async () => { await sleep(2); throw new Error('thrown after'); }; await f().catch((e) => console.log(e));
    const g = async () => { await fetch(url + '/weather').then((x) => x.json()); throw new Error('thrown after fetch'); }; await g().catch((e) => console.log(e));
    await Promise.all([1, 2, 3].map(async (n) => { await sleep(n); at('par' + n); Math.random(); await sleep(n); at('again' + n); await fetch(url + '/weather'); at('fetched' + n); }));
    let i = 0; await new Promise((d) => { const t = setInterval(async () => { await null; at('int' + i); if (++i === 3) { clearInterval(t); d(); } }, 2); });`,
  'work with files and of the thread pool, all at once': `
    const FILE = import.meta.filename + '.gz';
    const SALT = Number(process.env.HINDCAST_OF_THIS_RUN ?? 0);
    import fs from 'node:fs'; import fsp from 'node:fs/promises'; import zlib from 'node:zlib'; import crypto from 'node:crypto'; import { promisify } from 'node:util'; import { createInterface } from 'node:readline'; import { pipeline } from 'node:stream/promises';
    const log = (n) => (...a) => console.log(n, a.length);
    for (let i = 0; i < 5; i++) { fs.readFile('/etc/hosts', log('rf' + i)); zlib.gzip(Buffer.alloc(1e5 * ((SALT + i * 7) % 9)), log('gz' + i)); crypto.pbkdf2('a', 'b', 1000 * (1+(SALT + i * 3) % 11), 8, 'sha1', log('pb' + i)); fsp.stat('/etc').then(log('st' + i)); ask('?' + i).then(log('ask' + i)); crypto.subtle.digest('SHA-1', new Uint8Array(1000 * i)).then(log('dg' + i)); fs.stat('/nope', log('no' + i)); }
    const kept = await fsp.open('/etc/hosts'); fs.exists('/etc', log('exists')); console.log(await promisify(fs.exists)('/etc'), (await promisify(fs.read)(kept.fd, Buffer.alloc(4), 0, 4, 0)).bytesRead); await kept.close();
    const h = await fsp.open('/etc/passwd'); console.log((await h.read(Buffer.alloc(3), 0, 3, 0)).bytesRead, (await h.readFile('utf8')).length > 3); await h.close();
    let lines = 0; for await (const l of createInterface({ input: fs.createReadStream('/etc/passwd') })) lines++; console.log(lines);
    await pipeline(fs.createReadStream('/etc/passwd'), zlib.createGzip(), fs.createWriteStream(FILE)); await fsp.rm(FILE);
    for await (const d of await fsp.opendir('/etc/ssl')) log(d.name)(); 
    try { fs.readFile(); } catch (e) { console.log(e.code); } await fsp.readFile('/nope').catch((e) => console.log(e.code));`,
  'clocks and dice of modules and of subclasses': `
    const id = Math.random(); const at = Date.now();
    class Stamp extends Date { constructor(...a) { super(...a); this.x = 1; } plus() { return this.getTime() + 1; } }
    console.log(id, at, new Stamp().plus(), new Stamp().toISOString(), new (class extends Stamp {})().getTime());
    
    console.log(await ask());
    console.log(Reflect.construct(Date, [], Array) instanceof Array, Date.call({}).length);`,
};

describe('R4 edges', () => {
  it.each(Object.entries(PROGRAMS))('%s', async (_name, text) => {
    const openai = new URL('../../node_modules/openai/index.mjs', import.meta.url).href;
    const recorded = await recordText(`${HEAD}\n${text.replace('process.env.OPENAI_MODULE', JSON.stringify(openai))}`);
    expect(recorded.ran.stdout).not.toBe('');
    for (let run = 1; run < 3; run++) {
      const again = await recorded.replay({ HINDCAST_OF_THIS_RUN: String(run) });
      expect([again.stdout, again.code, again.summary]).toEqual([
        recorded.ran.stdout,
        recorded.ran.code,
        expect.stringMatching(/^✓/),
      ]);
      expect(again.summary).not.toMatch(/found by|code is not/);
    }
  });
});
