/** What only the decorators of the language can do: private members and fields. As both.ts. */
import { init, recordAction, recordTool, trackAgent } from 'hindcast';

if (process.argv[2] === 'recorded') init({ quiet: true });
const print = (...values: unknown[]): void => console.log(JSON.stringify(values));

class Agent {
  readonly #name: string;
  constructor(name: string) {
    this.#name = name;
  }
  @recordTool #secret(n: number): string {
    return `${this.#name} ${n}`;
  }
  @recordTool('counted') static #count(n: number): number {
    return n + 1;
  }
  @recordAction async *#stream(): AsyncGenerator<string> {
    yield this.#secret(1);
  }
  @recordTool({ name: 'look up' }) find = async (key: string): Promise<string> => `${this.#name} ${key}`;
  @recordAction static make = (name: string): Agent => new Agent(name);
  @trackAgent({ name: 'runner', version: '1' }) run = async (): Promise<string[]> => {
    const out = [this.#secret(Agent.#count(1)), await this.find('k')];
    for await (const part of this.#stream()) out.push(part);
    return out;
  };
  // @ts-expect-error an accessor is no method: left as it is
  @recordTool accessor size = 3;
  // @ts-expect-error the field holds no function: left as it is
  @recordTool label = 'text';
}

const agent = Agent.make('ann');
print(await agent.run(), agent.find.length, agent.size, agent.label, Object.keys(agent));
