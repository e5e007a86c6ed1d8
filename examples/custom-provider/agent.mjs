// Calls of an SDK that hindcast does not know, recorded like any other. Runs offline, against a stand-in for the provider's server: node examples/custom-provider/agent.mjs
import { init, registerProvider } from 'hindcast';
import { startStandIn } from 'hindcast/testing';
import { AcmeProvider } from './acme-provider.mjs';

registerProvider(new AcmeProvider());
init();

const { Acme } = await import('./acme-ai/index.mjs');
const answer = { ref: 'a-1', model: 'anvil-2', output: 'Meep.', done: 'end', consumed: { prompt: 4, completion: 2 } };
const server = await startStandIn((_, index) => (index === 0 ? { status: 503, body: { fault: 'busy' } } : { body: answer }));

const acme = new Acme({ baseURL: server.url });
const { output } = await acme.generate({ model: 'anvil-2', prompt: 'What does the road runner say?' });
console.log(output);
await server.close();
