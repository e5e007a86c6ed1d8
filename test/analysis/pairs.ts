/** Small sessions in pairs, recorded by the real recorder, one pair for each way in which two sessions may differ. */
import { hub } from '../../src/events/ports.ts';
import { chat, during, run, SCENES, sceneOfFailure, step, Thrown, tool, type Clock, type Scene } from './scenes.ts';

interface Message {
  role: string;
  content?: string | null;
  tool_calls?: object[];
  tool_call_id?: string;
}

/** What differs from run to run without meaning anything: ids that the provider made, and how long it took. */
interface Luck {
  id: string;
  ms: number;
}

const TOOLS = [{ type: 'function', function: { name: 'find_order', parameters: { type: 'object' } } }];

/** A chat of the model with a real body and answer. */
function ask(
  clock: Clock,
  { id, ms }: Luck,
  given: { messages: Message[]; answer: Message; model?: string; temperature?: number },
): void {
  const { messages, answer, model = 'gpt-4.1-mini', temperature = 0.2 } = given;
  const start = chat(model);
  during(clock, { ...start, llm: { ...start.llm!, api: 'chat_completions' } }, (open) => {
    const body = JSON.stringify({ model, temperature, messages, tools: TOOLS });
    const url = `http://127.0.0.1:${4000 + ms}/v1/chat/completions`;
    const exchange = open.exchange({ method: 'POST', url, headers: [['user-agent', id]], body });
    clock.us += ms * 1000;
    exchange.head(200, [
      ['content-type', 'application/json'],
      ['x-request-id', `req_${id}`],
    ]);
    const finish_reason = answer.tool_calls === undefined ? 'stop' : 'tool_calls';
    exchange.chunk(
      Buffer.from(
        JSON.stringify({
          id: `chatcmpl-${id}`,
          object: 'chat.completion',
          created: ms,
          model,
          choices: [{ index: 0, finish_reason, message: answer }],
        }),
      ),
    );
    exchange.end('complete');
    return { status: 'ok', usage: { input: JSON.stringify(messages).length, output: 10 + ms } };
  });
}

function useTool(clock: Clock, name: string, given: object, result: unknown, ms = 40): void {
  during(clock, tool(name), () => {
    clock.us += ms * 1000;
    return { status: 'ok', content: () => ({ arguments: given, result }) };
  });
}

interface Support extends Luck {
  system?: string;
  model?: string;
  temperature?: number;
  /** Looks a second thing up before it answers. */
  verifies?: boolean;
  order?: string;
  last?: string;
}

/** An agent that looks an order up and answers: every call holds all that was said before. */
const support = (given: Support): Scene => ({
  act: (clock) =>
    during(clock, run(), () => {
      const { system = 'Be brief.', order = '17', verifies = false, last = 'It is in Hamburg.' } = given;
      const messages: Message[] = [
        { role: 'system', content: system },
        { role: 'user', content: 'Where is my order?' },
      ];
      const turn = (name: string, args: object, result: string): void => {
        const call = {
          id: `call_${given.id}_${messages.length}`,
          type: 'function',
          function: { name, arguments: JSON.stringify(args) },
        };
        const answer = { role: 'assistant', content: null, tool_calls: [call] };
        during(clock, step(`turn with ${name}`), () => {
          ask(clock, given, { ...given, messages, answer });
          useTool(clock, name, args, result, given.ms);
        });
        messages.push(answer, { role: 'tool', tool_call_id: call.id, content: result });
      };
      turn('find_order', { order }, 'parcel NP-5512');
      if (verifies) turn('check_customer', { order }, 'known');
      turn('track_parcel', { parcel: 'NP-5512' }, 'Hamburg');
      during(clock, step('answer', 'respond'), () =>
        ask(clock, given, { ...given, messages, answer: { role: 'assistant', content: last } }),
      );
    }),
});

/** Tools that run at the same time, and end as they like. */
const fanOut = (cities: string[], changed?: string): Scene => ({
  act: (clock) =>
    during(clock, run({ name: 'weather' }), () => {
      const open = cities.map((city) => {
        clock.us += 10;
        return { city, event: hub.recorder!.open(tool('get_weather'))! };
      });
      for (const { city, event } of open.toReversed()) {
        clock.us += 1000;
        event.end({ status: 'ok', content: () => ({ arguments: { city }, result: city === changed ? 'hail' : 'sun' }) });
      }
    }),
});

const failingTool = sceneOfFailure('tool', 'timeout')!;

/** By the name of the golden file. */
export const PAIRS: Record<string, [before: Scene, after: Scene]> = {
  'same-but-luck': [support({ id: 'a1', ms: 20 }), support({ id: 'b2', ms: 90 })],
  'inserted-step': [support({ id: 'a1', ms: 20 }), support({ id: 'b2', ms: 30, verifies: true })],
  'changed-prompt': [support({ id: 'a1', ms: 20 }), support({ id: 'b2', ms: 20, system: 'Be polite and brief.' })],
  'changed-model': [support({ id: 'a1', ms: 20 }), support({ id: 'b2', ms: 20, model: 'gpt-4.1', temperature: 0.5 })],
  'changed-arguments': [support({ id: 'a1', ms: 20 }), support({ id: 'b2', ms: 20, order: '18' })],
  'changed-answer': [support({ id: 'a1', ms: 20 }), support({ id: 'b2', ms: 20, last: 'It is in \u001b[2JBremen.' })],
  'fan-out-in-another-order': [fanOut(['Paris', 'Oslo', 'Rome', 'Bern']), fanOut(['Rome', 'Bern', 'Paris', 'Oslo'])],
  'fan-out-changed': [fanOut(['Paris', 'Oslo', 'Rome', 'Bern']), fanOut(['Rome', 'Lima', 'Bern', 'Paris', 'Oslo'], 'Bern')],
  'success-and-failure': [SCENES['success']!, failingTool],
  'without-content': [
    { ...SCENES['partial-retry']!, settings: { mode: 'metadata' } },
    {
      ...SCENES['partial-retry']!,
      settings: { mode: 'full' },
      act: (clock) =>
        during(clock, run(), () => {
          during(clock, step('answer', 'respond'), () =>
            during(clock, chat(), () => ({ status: 'ok', usage: { input: 9, output: 1 } })),
          );
          during(clock, tool('refund'), () => {
            throw new Thrown({ type: 'Denied' }, 'SECRET-message');
          });
        }),
    },
  ],
};
