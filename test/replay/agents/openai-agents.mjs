// The OpenAI Agents SDK: a triage agent that hands off, tools that fail now and then, a guardrail that trips.
import { Agent, run, setDefaultOpenAIClient, setTracingDisabled, tool } from '@openai/agents';
import OpenAI from 'openai';
import { z } from 'zod';

setTracingDisabled(true);
setDefaultOpenAIClient(new OpenAI({ apiKey: 'none', baseURL: `${process.env.MODEL_URL}/v1`, maxRetries: 5 }));

const weather = tool({
  name: 'weather',
  description: 'The weather of a city.',
  parameters: z.object({ city: z.string() }),
  async execute({ city }) {
    if (Math.random() < 0.2) throw new Error(`no line to ${city}`);
    const response = await fetch(`${process.env.MODEL_URL}/weather?city=${city}`, { signal: AbortSignal.timeout(1000) });
    return `${(await response.json()).degrees} degrees at ${new Date().toLocaleTimeString('en-GB')}`;
  },
});
const coin = tool({
  name: 'coin',
  description: 'Tosses a coin.',
  parameters: z.object({}),
  execute: async () => (crypto.getRandomValues(new Uint8Array(1))[0] & 1 ? 'heads' : 'tails'),
});
const expert = new Agent({
  name: 'Expert',
  model: 'gpt-5-mini',
  instructions: () => `You know the weather. It is ${Date()}.`,
  tools: [weather, coin],
});
const poet = new Agent({ name: 'Poet', model: 'gpt-5-mini', instructions: 'You make verses.', tools: [coin] });
const triage = Agent.create({
  name: 'Triage',
  model: 'gpt-5-mini',
  instructions: 'Hand off.',
  handoffs: [expert, poet],
  outputGuardrails: [
    {
      name: 'even',
      execute: async ({ agentOutput }) => ({
        tripwireTriggered: String(agentOutput).length % 5 === 0,
        outputInfo: { at: performance.now() },
      }),
    },
  ],
});

async function whole(question) {
  const result = await run(triage, question, { maxTurns: 5 });
  return `${result.lastAgent.name}: ${result.finalOutput} (${result.rawResponses.length} answers)`;
}

async function streamed(question) {
  const result = await run(expert, question, { stream: true, maxTurns: 5 });
  const kinds = [];
  for await (const event of result)
    kinds.push(event.type === 'raw_model_stream_event' ? event.data.type.slice(0, 3) : event.name);
  await result.completed;
  return `${kinds.join(' ')} ${result.finalOutput}`;
}

const asked = [whole('Where am I?'), whole(`Is it late? ${Math.random()}`), streamed('How is the weather?')];
const outcomes = await Promise.allSettled(asked);
for (const { status, value, reason } of outcomes) console.log(status, value ?? `${reason.constructor.name}: ${reason.message}`);
if (outcomes.every(({ status }) => status === 'rejected')) throw outcomes[0].reason;
process.exitCode = outcomes.filter(({ status }) => status === 'rejected').length;
