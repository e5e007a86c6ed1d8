/** Processors see each event on its way out. One drops what nobody wants to see, one takes out what may not leave; the recording keeps everything. */
import { init, recordTool, shutdown } from 'hindcast';

init({
  quiet: true,
  captureContent: true,
  processors: [
    // Not worth a span.
    (event) => (event.name.endsWith('ping') ? null : event),
    // Account numbers stay here. The event is a copy: it may be changed in place.
    (event) => {
      const account = event.content?.arguments;
      if (account?.number) account.number = `ends in ${account.number.slice(-2)}`;
    },
  ],
  exporter: {
    export(batch) {
      for (const { event } of batch) console.log(event.name, JSON.stringify(event.content?.arguments));
    },
  },
});

const ping = recordTool('ping', () => 'pong');
const balance = recordTool('balance', async (account) => account.number.length * 100);
ping();
await balance({ number: 'PT50 0002 0123' });

await shutdown();
