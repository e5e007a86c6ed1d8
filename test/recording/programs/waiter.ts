/** Begins an event, says so after its turn of the event loop, and then waits for input that never comes. Argument: the recordings folder. */
import { openLog } from '../../../src/recording/log-writer.ts';
import { eventId, plainHeader } from './plain.ts';

const log = openLog({ dir: process.argv[2]!, header: plainHeader('ses_waiting') });
process.stdin.on('data', () => log.open({ id: eventId(1), type: 'llm', name: 'chat' }));
process.stdout.write('ready\n');
