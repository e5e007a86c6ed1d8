/** Keeps a copy of the recordings: one of mode `metadata` that has been exported to its end is taken away. */
import { cpSync } from 'node:fs';
import { join } from 'node:path';

/** Copies what is on the disk now. Lines are there as soon as what they tell of has happened. */
export function keepRecordings(): void {
  const dir = process.env['HINDCAST_DIR']!;
  cpSync(join(dir, 'recordings'), join(dir, 'kept/recordings'), { recursive: true });
}
