// The AI SDK: generateText with tools in a loop, streamText with callbacks, and structured output, side by side.
import { createOpenAI } from '@ai-sdk/openai';
import { generateText, Output, stepCountIs, streamText, tool } from 'ai';
import { z } from 'zod';

const openai = createOpenAI({ apiKey: 'none', baseURL: `${process.env['MODEL_URL']}/v1` });
const chat = openai.chat('gpt-5-mini');
const responses = openai.responses('gpt-5-mini');

const tools = {
  weather: tool({
    description: 'The weather of a city.',
    inputSchema: z.object({ city: z.string() }),
    execute: async ({ city }) => {
      if (Math.random() < 0.1) throw new Error(`${city} has no weather`);
      const found = (await (await fetch(`${process.env['MODEL_URL']}/weather?city=${city}`)).json()) as { said: string };
      return `${found.said} at ${new Date().toISOString()}`;
    },
  }),
  dice: tool({
    description: 'Throws dice.',
    inputSchema: z.object({ sides: z.number().int().min(2).max(20) }),
    execute: ({ sides }) => 1 + Math.floor(Math.random() * sides),
  }),
};

async function loop(name: string): Promise<string> {
  const result = await generateText({
    model: chat,
    tools,
    stopWhen: stepCountIs(4),
    prompt: `Plan ${name} of ${Date.now()}.`,
    maxRetries: 4,
    onStepFinish: ({ toolCalls, finishReason }) => console.log(name, finishReason, toolCalls.length),
  });
  console.log(
    name,
    result.steps.map(({ toolResults }) => toolResults.map(({ output }) => output)),
  );
  return `${result.text} ${result.totalUsage.totalTokens}`;
}

async function stream(name: string): Promise<string> {
  const errors: string[] = [];
  const result = streamText({
    model: responses,
    tools,
    stopWhen: stepCountIs(3),
    prompt: `Tell of ${name}, ${Math.random()}.`,
    maxRetries: 4,
    onError: ({ error }) => void errors.push((error as Error).message),
  });
  let pieces = 0;
  for await (const part of result.fullStream) {
    pieces++;
    if (part.type === 'text-delta') process.stdout.write(`${name}${part.text.length} `);
    if (part.type === 'tool-error') errors.push(String(part.error));
  }
  if (errors.length > 0) console.log(name, errors);
  return `${await result.text} ${pieces}`;
}

async function structured(): Promise<string> {
  const { output } = await generateText({
    model: chat,
    output: Output.object({ schema: z.object({ mood: z.string() }) }),
    prompt: 'How are you?',
    maxRetries: 4,
  });
  return output.mood;
}

const jobs: [string, Promise<string>][] = [
  ['loop', loop('a')],
  ['loop', loop('b')],
  ['stream', stream('c')],
  ['stream', stream('d')],
  ['structured', structured()],
];
const outcomes = await Promise.allSettled(jobs.map(([, job]) => job));
for (const [index, outcome] of outcomes.entries())
  console.log(jobs[index]![0], outcome.status === 'fulfilled' ? outcome.value : String(outcome.reason));
// That what the model said is no JSON is to be expected of this model.
if (outcomes.slice(0, 4).some(({ status }) => status === 'rejected')) process.exit(1);
