/**
 * An exporter of one's own: finished events go where this program wants them, in place of OTLP over HTTP. It refuses the first batch, as a backend does that is down; what was
 * not taken comes again.
 */
import { init, recordTool, shutdown } from 'hindcast';

const taken = [];
let refusals = 0;

init({
  quiet: true,
  // The first refusal is no problem worth a line here.
  logLevel: 'off',
  exporter: {
    async export(batch) {
      if (refusals++ === 0) throw new Error('not now');
      taken.push(...batch);
    },
    shutdown() {
      for (const { event, span } of taken)
        console.log(`${span.name}: ${event.status}, ${Object.keys(span.attributes).length} attributes`);
    },
  },
});

const search = recordTool('search', async (/** @type {string} */ query) => `three results for ${query}`);
await search('flights to Lisbon');
await search('hotels in Lisbon');

await shutdown(30_000);
