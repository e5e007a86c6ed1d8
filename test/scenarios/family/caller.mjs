// Asks the service, once from inside of a tool and once with headers that mean nothing.
import { contextHeaders, init, recordTool } from 'hindcast';

const [base = ''] = process.argv.slice(2);
init({ agent: { id: 'caller' } });
const summarise = recordTool('summarise', async (path) => {
  const answer = await fetch(`${base}${String(path)}`, { headers: contextHeaders() });
  return answer.text();
});
console.log(await summarise('/one'));
const odd = { traceparent: '00-zz-1-01', baggage: 'hindcast.session=../../x, =,%' };
console.log(await (await fetch(`${base}/two`, { headers: odd })).text());
