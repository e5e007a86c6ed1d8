/** An event type of your own: something that has happened (`record`), and something with a beginning and an end (`track`). Needs no key and no network. */
import { currentSession, init, record, track } from 'hindcast';

init({ quiet: true, agent: { name: 'librarian' } });

record({ type: 'cache_hit', name: 'prompt cache', attributes: { key: 'v3', ageMinutes: 12 } });

const chunks = await track({ type: 'chunking', name: 'split the manual', arguments: { pages: 40 } }, async (event) => {
  event.set({ strategy: 'by heading' });
  return 112;
});

const { events, errors } = currentSession().stats();
console.log(`${chunks} chunks, ${events} events, ${errors} errors`);
