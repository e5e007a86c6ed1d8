
import { flush, init, recordTool, shutdown, startSession } from 'hindcast';
import OpenAI from 'openai';
const client = new OpenAI({ apiKey: 'none', baseURL: process.env.BASE_URL, maxRetries: 0 });
const ask = () => client.chat.completions.create({ model: 'gpt-4o-mini', messages: [{ role: 'user', content: 'x' }] });
const same = (a, b, what) => { if (JSON.stringify(a) !== JSON.stringify(b)) throw new Error(what + ': ' + JSON.stringify(a) + ' is not ' + JSON.stringify(b)); };

      const proto = Object.getPrototypeOf(client.chat.completions);
      const names = () => process.eventNames().map((name) => [String(name), process.listenerCount(name)]).filter(([, n]) => n > 0).sort();
      await ask();
      const before = { names: names(), create: proto.create, fetch: OpenAI.prototype.fetchWithTimeout };
      const active = () => process.getActiveResourcesInfo().filter((name) => !/Socket|TCP|TTY|Pipe/.test(name)).length;
      const handles = active();
      for (let i = 0; i < 100; i++) {
        init({ quiet: true });
        if (i === 0) same(proto.create !== before.create, true, 'patched');
        await shutdown();
      }
      await new Promise((resolve) => setTimeout(resolve, 150));
      same(names(), before.names, 'listeners');
      same(active() <= handles, true, 'handles');
      same(proto.create === before.create, true, 'create');
      same(OpenAI.prototype.fetchWithTimeout === before.fetch, true, 'fetch');
      init({ quiet: true });
      await ask();
      await Promise.all([shutdown(), shutdown(), flush(10)]);
      await shutdown();
      await ask();
    