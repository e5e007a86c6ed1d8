// An agent with code of its own between the recording and the backend, which is at fault in the way that its arguments name. BARE leaves hindcast out.
import OpenAI from 'openai';

const [, , hook, fault] = process.argv;
const hindcast = process.env.BARE ? null : await import('hindcast');

const faults = {
  throws() {
    throw new Error('at fault');
  },
  /** A promise that nobody asked for, and that rejects: unhandled, it would end the process. */
  rejects: () => Promise.reject(new Error('at fault')),
  neverSettles: () => new Promise(() => {}),
  nonsense: () => ({ toString: () => ({}), then: 1 }),
  throwsNothing() {
    throw undefined;
  },
  /** Keeps whatever it is given, and lets go of nothing. */
  leaks(...given) {
    (globalThis.kept ??= []).push(...given, Buffer.alloc(1 << 16));
    return given[0];
  },
  changes(given) {
    if (typeof given === 'object' && given !== null) for (const name of Object.keys(given)) delete given[name];
    return given;
  },
};
const bad = faults[fault];
const hooks = {
  exporter: { exporter: { export: bad } },
  exporterShutdown: { exporter: { export() {}, shutdown: bad } },
  processor: { processors: [bad] },
  redactor: { redactor: bad },
  classifier: { classifier: bad },
};
hindcast?.init({
  captureContent: true,
  flushIntervalMs: 10,
  exportTimeoutMs: 200,
  hostInfo: 'off',
  ...(!hook.startsWith('exporter') && { endpoint: process.env.ENDPOINT }),
  ...hooks[hook],
});

const client = new OpenAI({ apiKey: 'none', baseURL: process.env.BASE_URL, maxRetries: 0 });
const tool = hindcast === null ? (_name, fn) => fn : hindcast.recordTool;
const lookUp = tool('look_up', async (key) => {
  if (key === 3) throw new RangeError(`no ${key}`);
  return { key, at: [key] };
});
for (let turn = 1; turn <= 4; turn++) {
  const answer = await client.chat.completions.create({
    model: 'gpt-4o-mini',
    messages: [{ role: 'user', content: `turn ${turn}` }],
  });
  console.log(
    turn,
    answer.choices[0].message.content,
    JSON.stringify(await lookUp(turn).catch((error) => `${error.name} ${error.message}`)),
  );
}
await new Promise((resolve) => setTimeout(resolve, 300));
if (hook === 'exporterShutdown') await hindcast?.shutdown();
process.exitCode = 3;
