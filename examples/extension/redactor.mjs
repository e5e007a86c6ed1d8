/** A redactor is given every text that was said, on its way out, and returns what may be sent of it. The recording keeps everything: a replay needs it. */
import { init, recordTool, shutdown } from 'hindcast';

const ADDRESS = /[\w.+-]+@[\w-]+(\.[\w-]+)+/g;

init({
  quiet: true,
  captureContent: true,
  redactor: (text, place) => (place === 'result' ? '(not for others)' : text.replaceAll(ADDRESS, '<address>')),
  exporter: {
    export(batch) {
      for (const { event } of batch) console.log(JSON.stringify(event.content));
    },
  },
});

const mail = recordTool(
  'mail',
  async (/** @type {{ to: string, text: string }} */ { to, text }) => `sent ${text.length} characters to ${to}`,
);
await mail({ to: 'ann@example.org', text: 'Write to bob@example.org.' });

await shutdown();
