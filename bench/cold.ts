/** A whole program: start, one request, end. Run again and again, each time in a new process, for the time to the first answer and the memory it takes. */
import { startCandidate, type WorkerSetup } from './worker.ts';

const setup = JSON.parse(process.argv[2] ?? '{}') as WorkerSetup;
const started = await startCandidate(setup);
const OpenAI = started.OpenAI ?? (await import('openai')).OpenAI;
const plain = new OpenAI({ apiKey: 'sk-bench', baseURL: `${setup.url}/provider/short/v1`, maxRetries: 0 });
const client = started.wrapOpenAI?.(plain) ?? plain;
await client.chat.completions.create({ model: 'gpt-4o-mini', messages: [{ role: 'user', content: 'hello' }] });
// performance.now() counts from the start of the process.
process.stdout.write(
  `${JSON.stringify({ ms: performance.now(), cpuUs: process.cpuUsage().user + process.cpuUsage().system, rssBytes: process.resourceUsage().maxRSS * 1024 })}\n`,
);
await started.flush();
