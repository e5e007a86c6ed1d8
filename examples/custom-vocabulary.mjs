/** Words of your own in the vocabularies of failures and steps. Without the registration both would be kept as well, and flagged as unknown. Needs no key and no network. */
import { init, recordFailure, registerVocabulary, startRun } from 'hindcast';

init({ quiet: true });
registerVocabulary({ failure: { tool: ['sandbox_denied'] }, step: ['validate'] });

const run = startRun({ agent: { name: 'coder', version: '3.0.0' } });
await run.step('validate', 'run the tests', async () => {
  recordFailure({ type: 'tool', code: 'sandbox_denied', message: 'the sandbox forbids writing to /etc' });
});
run.end();
console.log(run.status());
