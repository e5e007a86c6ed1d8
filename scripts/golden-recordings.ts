/**
 * Makes the recordings of test/replay/golden/<version>/ of those programs there that have none: `node scripts/golden-recordings.ts v1`, after a build. One that is there is never made again: that it
 * still replays is what it is for (docs/decisions/0014-replay.md).
 */
import { existsSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { crc32c } from '../src/core/crc32c.ts';
import { forget, recordingTextOf, recordTrial, replayTrial } from '../test/replay/trials.ts';

const root = join(import.meta.dirname, '..');
const [, , version] = process.argv;
if (version === undefined) throw new Error('Say which: node scripts/golden-recordings.ts v1');
const folder = join(root, 'test/replay/golden', version);

/** The recording as it would be of a project in /golden. */
function moved(recording: string): string {
  return recording
    .trimEnd()
    .split('\n')
    .map((line) => {
      const { c: _c, ...said } = JSON.parse(line.replaceAll(root, '/golden')) as Record<string, unknown>;
      const { argv } = said as { argv?: string[] };
      const place = said['k'] === 'session' ? { argv: ['node', ...(argv ?? []).slice(1)], cwd: '/golden' } : {};
      const covered = JSON.stringify({ ...said, ...place }).slice(0, -1);
      return `${covered},"c":"${crc32c(Buffer.from(covered)).toString(16).padStart(8, '0')}"}\n`;
    })
    .join('');
}

for (const file of readdirSync(folder).filter((name) => name.endsWith('.mjs'))) {
  const target = join(folder, file.replace('.mjs', '.jsonl'));
  if (existsSync(target)) continue;
  const recorded = await recordTrial(join(folder, file));
  const { identical, summary } = await replayTrial(recorded);
  if (!identical) throw new Error(`${file} is not replayed exactly: ${summary}`);
  writeFileSync(target, moved(recordingTextOf(recorded)));
  writeFileSync(target.replace('.jsonl', '.out'), recorded.stdout);
  forget(recorded);
  console.log(`${file}: ${recorded.calls} calls, exit ${recorded.code}`);
}
