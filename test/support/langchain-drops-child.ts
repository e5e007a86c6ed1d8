/** A program that lets go of runs that fail, and prints which rejections Node says nobody has handled. Arguments: `esm` or `cjs`, `patched` or `bare`. */
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { langchain } from '../../src/providers/langchain/langchain.ts';
import { recordInMemory } from '../../src/testing/in-memory-recorder.ts';

const [, , format, mode] = process.argv;
const require = createRequire(import.meta.url);
const load = async (name: string): Promise<any> => (format === 'cjs' ? require(name) : await import(name));
const { RunnableLambda } = await load('@langchain/core/runnables');
const { tool } = await load('@langchain/core/tools');
const { FakeStreamingChatModel } = await load('@langchain/core/utils/testing');
if (mode === 'patched') {
  for (const target of langchain.targets) {
    const file = join(import.meta.dirname, '../../node_modules', target.package, target[format as 'esm' | 'cjs'][0]!);
    langchain.patch({ namespace: format === 'cjs' ? require(file) : await import(pathToFileURL(file).href) });
  }
  recordInMemory();
}

const told: string[] = [];
process.on('unhandledRejection', (reason) => told.push((reason as Error).message));
process.on('exit', () => process.stdout.write(JSON.stringify(told.toSorted())));
const failing = (what: string) => (): never => {
  throw new Error(`${what} failed`);
};
void RunnableLambda.from(failing('chain')).pipe(failing('never')).invoke(1);
void tool(failing('tool'), { name: 'fails', description: 'Fails.' }).invoke('x');
void new FakeStreamingChatModel({ thrownErrorString: 'model failed' }).invoke('x');
