
import { flush, init, recordTool, shutdown, startSession } from 'hindcast';
import OpenAI from 'openai';
const client = new OpenAI({ apiKey: 'none', baseURL: process.env.BASE_URL, maxRetries: 0 });
const ask = () => client.chat.completions.create({ model: 'gpt-4o-mini', messages: [{ role: 'user', content: 'x' }] });
const same = (a, b, what) => { if (JSON.stringify(a) !== JSON.stringify(b)) throw new Error(what + ': ' + JSON.stringify(a) + ' is not ' + JSON.stringify(b)); };

      init({ record: 7, endpoint: 'nonsense', tags: 'x', agent: 'y', instrument: 3, dir: '', whatever: 1 });
      await ask();
      await shutdown();
      for (const odd of [null, undefined, 7, 'x', []]) { init(odd); await shutdown(); }
      console.log('still here');
    