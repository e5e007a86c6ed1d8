/**
 * Loaded before the demo agent where hindcast itself cannot see the SDKs (say, under npx): they are then taken from the working directory, where `npm i`
 * has put them.
 */
import { registerHooks } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

const SDK = /^(openai|@anthropic-ai\/sdk)($|\/)/;
const parentURL = pathToFileURL(join(process.cwd(), 'package.json')).href;

registerHooks({
  resolve(specifier, context, next) {
    return next(specifier, SDK.test(specifier) ? { ...context, parentURL } : context);
  },
});
