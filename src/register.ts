/** `node --import hindcast/register agent.js`: records a program that does not know of us. */
import { initQuietly } from './client/init.ts';

initQuietly();
