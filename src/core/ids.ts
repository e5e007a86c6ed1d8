/** Ids come in through this door. One pool of random bytes is drawn at a time: a draw from the system costs more than the id. */
import { randomFillSync } from 'node:crypto';

const POOL_BYTES = 4096;
const pool = Buffer.allocUnsafe(POOL_BYTES);
let used = POOL_BYTES;

/** `bytes` random bytes as lower-case hex, never all zero. */
function randomHex(bytes: number): string {
  for (;;) {
    if (used + bytes > POOL_BYTES) {
      randomFillSync(pool);
      used = 0;
    }
    const hex = pool.toString('hex', used, used + bytes);
    used += bytes;
    if (!/^0+$/.test(hex)) return hex;
  }
}

export const newSpanId = (): string => randomHex(8);
export const newTraceId = (): string => randomHex(16);
export const newSessionId = (): string => `ses_${randomHex(6)}`;

/** What a session id may look like: it is a file name. */
export const SESSION_ID = /^[A-Za-z0-9._-]{1,128}$/;
