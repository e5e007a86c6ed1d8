/**
 * A program that says the canary in every place that the public functions have for what an app, a user or a model says. `exporter` as an argument: to an exporter of its own, whose
 * batches it prints; `faults`: with code of its own that throws.
 */
import { spawnSync } from 'node:child_process';
import { readdirSync, rmSync } from 'node:fs';
import OpenAI from 'openai';
import * as hindcast from '../../../src/index.ts';
import type { Options } from '../../../src/index.ts';
import { startStandIn } from '../../../src/testing/stand-in.ts';
import { chatCompletion } from '../../../src/testing/wire.ts';
import { said, sentence } from './canary.ts';
import { keepRecordings } from './kept.ts';

const how = process.argv[2] as 'plain' | 'exporter' | 'faults';
const batches: unknown[] = [];
const fails = (): never => {
  throw Object.assign(new Error(said('thrown')), { name: sentence('error name'), code: sentence('error code') });
};
const ways: Record<typeof how, Options> = {
  plain: {},
  exporter: { exporter: { export: (batch) => void batches.push(...batch) } },
  faults: { classifier: fails, processors: [fails], redactor: fails, exporter: { export: fails } },
};

const server = await startStandIn(({ path, json }) => {
  if (path.includes('refused')) {
    const error = { message: said('error'), type: sentence('type'), code: sentence('code'), param: said('param') };
    return { status: 400, body: { error }, headers: { 'x-request-id': sentence('request id') } };
  }
  const text = said(`answer to ${json?.model}`);
  return path.includes('transcriptions') ? { body: { text } } : { body: chatCompletion({ text }) };
});
hindcast.init({
  tags: [said('init-tag')],
  captureLogs: 'all',
  logLevel: 'warn',
  ...ways[how],
});

const session = hindcast.startSession({
  ...{ name: 'places', tags: [said('tag')], metadata: { [said('meta-key')]: said('meta-value'), count: 1 } },
  links: [
    {
      url: `https://${said('user')}:${said('pass')}@x.org/${said('link')}?q=${said('query')}`,
      kind: said('kind'),
      name: said('link-name'),
    },
  ],
  // A header of a stranger: neither is what it should be.
  from: {
    traceparent: sentence('traceparent'),
    baggage: `hindcast.session=${encodeURIComponent(sentence('baggage'))},x=${said('baggage')}`,
  },
});
session.addTags(said('added-tag'));
session.setMetadata({ [said('meta-key-2')]: said('meta-value-2') });
session.attachLink({ url: `https://x.org/${said('link-2')}` });

const settled = (promise: PromiseLike<unknown>): Promise<unknown> => Promise.resolve(promise).then(undefined, () => undefined);
const client = (path: string, address = server.url): OpenAI =>
  new OpenAI({
    ...{
      apiKey: said('api-key'),
      maxRetries: 0,
      defaultHeaders: { 'x-header': said('header'), 'user-agent': said('agent-header') },
    },
    ...{ organization: said('organization'), project: said('project'), defaultQuery: { q: said('url-query') } },
    baseURL: `${address}/${path}/v1`,
  });

async function calls(): Promise<void> {
  const messages = [{ role: 'user' as const, content: said('prompt'), name: said('user-name') }];
  const asking = { model: 'm-1', messages, user: said('user'), metadata: { [said('key')]: said('value') } };
  await settled(client(said('url-path')).chat.completions.create(asking));
  // Nothing is sent to an address with a password in it; the call fails, and its error says the address.
  const address = server.url.replace('//', `//${said('url-user')}:${said('url-pass')}@`);
  await settled(client('plain', address).chat.completions.create(asking));
  await settled(client('refused').chat.completions.create(asking));
  for (const model of [sentence('model'), `/home/${said('path')}/models/m-2.gguf`, `C:\\Users\\${said('path')}\\m-3.gguf`])
    await settled(client('plain').chat.completions.create({ ...asking, model }));
  const file = new File([said('file-body')], `${said('file-name')}.wav`);
  await settled(client('plain').audio.transcriptions.create({ model: 'm-1', file, prompt: said('audio-prompt') }));
  await settled(client('plain').chat.completions.create(asking, { signal: AbortSignal.abort(said('abort-reason')) }));
  const nobody = new OpenAI({ apiKey: 'none', maxRetries: 1, baseURL: `http://127.0.0.1:1/${said('nobody')}/v1` });
  await settled(nobody.chat.completions.create(asking));
}

async function functions(): Promise<void> {
  const tool = hindcast.recordTool('look', (given: object) => ({ [said('result-key')]: said('result'), given }));
  tool({ [said('argument-key')]: said('argument') });
  const failing = [new Error(said('message'), { cause: new Error(said('cause')) }), said('text'), { reason: said('object') }];
  for (const thrown of [
    ...failing,
    Object.assign(new RangeError(said('range')), { code: sentence('code'), path: said('path') }),
  ]) {
    const broken = hindcast.recordAction('break', async () => {
      throw thrown;
    });
    await settled(broken());
  }
  const agent = hindcast.trackAgent('planner', async (goal: string) => {
    const run = hindcast.startRun({
      agent: { id: 'a-1', name: 'worker', version: '1' },
      attributes: { [said('attribute-key')]: said('attribute') },
    });
    run.step('plan', 'think', () => said('step'), { attributes: { [said('step-key')]: said('step-value') } } as never);
    run.end();
    return `${goal} ${said('reached')}`;
  });
  await agent(said('goal'));
  notes();
  events();
}

function notes(): void {
  hindcast.recordAction('decide', () => {
    const candidates = [said('candidate'), sentence('candidate')];
    hindcast.recordDecision({ type: 'tool_selection', reasonCode: 'tool_unavailable', selected: said('selected'), candidates });
    hindcast.recordDecision({ type: sentence('decision type'), reasonCode: sentence('reason') } as never);
    hindcast.recordFailure({ type: 'tool', code: 'timeout', message: said('failure') });
    hindcast.recordFailure({ type: sentence('failure type'), code: sentence('failure code'), message: said('failure') } as never);
    hindcast.recordQualitySignal({ type: sentence('signal type'), code: sentence('signal code'), value: true } as never);
  })();
}

function events(): void {
  const attributes = { [said('event-key')]: said('event-value'), list: [said('list')] };
  hindcast.record({
    type: 'tool',
    name: 'look',
    callId: sentence('call id'),
    arguments: said('argument'),
    result: said('result'),
    attributes,
  });
  const llm = { model: sentence('model'), provider: sentence('provider'), operation: sentence('operation'), attributes };
  hindcast.record({
    type: 'llm',
    ...llm,
    input: said('input'),
    output: said('output'),
    responseModel: sentence('model'),
    finishReasons: [sentence('reason')],
  });
  const codes = { type: sentence('type'), code: sentence('code'), message: said('message') };
  hindcast.record({ type: 'error', name: 'upstream', error: codes, attributes });
  hindcast.record({ type: 'cache_miss', name: 'miss', attributes, error: said('thrown text') } as never);
  const tracked = hindcast.track({ type: 'action', name: 'tracked', arguments: said('argument'), attributes });
  tracked.end({ result: said('result') } as never);
}

await session.run(async () => {
  await calls();
  await functions();
  console.log('printed by the app');
});
// What a child process is given is ours to add to: it must be ids alone.
const child = spawnSync(process.execPath, ['-e', 'process.stdout.write(JSON.stringify(process.env))'], { encoding: 'utf8' });
const added = Object.entries(JSON.parse(child.stdout) as Record<string, string>).filter(
  ([name, value]) => process.env[name] !== value,
);
if (how === 'faults') {
  // The disk says no in the middle of a session.
  const dir = process.env['HINDCAST_DIR']!;
  for (const name of readdirSync(dir)) if (name === 'recordings') rmSync(`${dir}/${name}`, { recursive: true });
  hindcast.startSession({ name: 'lost', tags: [said('lost-tag')] }).run(() => events());
}
session.end('failure');
keepRecordings();
await hindcast.flush(2_000);
await hindcast.shutdown();
await server.close();
process.stdout.write(JSON.stringify({ batches, added, title: process.title }));
