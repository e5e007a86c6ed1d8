
import { flush, init, recordTool, shutdown, startSession } from 'hindcast';
import OpenAI from 'openai';
const client = new OpenAI({ apiKey: 'none', baseURL: process.env.BASE_URL, maxRetries: 0 });
const ask = () => client.chat.completions.create({ model: 'gpt-4o-mini', messages: [{ role: 'user', content: 'x' }] });
const same = (a, b, what) => { if (JSON.stringify(a) !== JSON.stringify(b)) throw new Error(what + ': ' + JSON.stringify(a) + ' is not ' + JSON.stringify(b)); };

      import net from 'node:net';
      import dns from 'node:dns';
      import child from 'node:child_process';
      const used = [];
      for (const [of, name] of [[net.Socket.prototype, 'connect'], [dns, 'lookup'], [child, 'spawn'], [child, 'spawnSync']]) {
        const original = of[name];
        of[name] = function (...args) { used.push(name); return original.apply(this, args); };
      }
      init({ quiet: true, hostInfo: 'off' });
      recordTool('t', () => 1)();
      startSession().end();
      await new Promise((resolve) => setTimeout(resolve, 50));
      await shutdown();
      same(used, [], 'used');
    