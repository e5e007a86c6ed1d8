/** What both kinds of decorators can do, as a program. Compiled by tsc in each mode; with `recorded` as its argument, it is recorded. */
import { init, recordAction, recordTool, trackAgent } from 'hindcast';

if (process.argv[2] === 'recorded') init({ quiet: true });
const print = (...values: unknown[]): void => console.log(JSON.stringify(values));
const failure = new RangeError('out of stock');

class Base {
  greet(name: string): string {
    return `hello ${name}`;
  }
}

class Shop extends Base {
  static rate = 2;
  readonly owner: string;
  constructor(owner: string) {
    super();
    this.owner = owner;
  }
  @recordTool price(a: number, b = 1): number {
    return (a + b) * Shop.rate;
  }
  @recordTool('order') async order(item: string): Promise<string> {
    await Promise.resolve();
    return `${this.owner} ${item}`;
  }
  @recordTool({ name: 'refund', sideEffect: true }) static refund(n: number): number {
    return this.rate * n;
  }
  @recordAction override greet(name: string): string {
    return `${super.greet(name)}!`;
  }
  @recordAction() *parts(n: number): Generator<string, number> {
    for (let i = 0; i < n; i++) yield `${this.owner} ${i}`;
    return n;
  }
  @recordAction({ name: 'flow' }) async *stream(n: number): AsyncGenerator<number> {
    for (let i = 0; i < n; i++) yield this.price(i);
  }
  @recordTool async fails(): Promise<never> {
    throw failure;
  }
  @trackAgent('desk') async desk(): Promise<string> {
    return this.order('desk');
  }
  // @ts-expect-error a getter is no method: left as it is
  @recordTool get size(): number {
    return 3;
  }
}

@trackAgent
class Plain {
  run(): number {
    return this.twice(2);
  }
  twice(n: number): number {
    return n * 2;
  }
}

@trackAgent({ id: 'w-1', name: 'writer', version: '3' })
class Writer {
  static drafts = 1;
  readonly #shop: Shop;
  constructor(shop: Shop) {
    this.#shop = shop;
  }
  async write(): Promise<string> {
    return `${await this.#shop.order('pen')} ${new Plain().run()}`;
  }
  async *lines(): AsyncGenerator<string> {
    yield await this.write();
  }
}

const shop = new Shop('ann');
print(shop.price(2), shop.price.name, shop.price.length, await shop.order('tea'), Shop.refund(4), shop.greet('bob'), shop.size);
print([...shop.parts(2)], Object.prototype.toString.call(shop.parts(0)), shop.parts.constructor.name);
for await (const n of shop.stream(5)) if (n > 3) break;
print(await shop.fails().catch((error: unknown) => error === failure));
print(
  await shop.desk(),
  Writer.name,
  Writer.length,
  Writer.drafts,
  Object.keys(new Writer(shop)),
  Reflect.ownKeys(Writer.prototype).length,
);
const writer = new Writer(shop);
print(await writer.write(), writer instanceof Writer, writer.constructor === Writer);
for await (const line of writer.lines()) print(line);
