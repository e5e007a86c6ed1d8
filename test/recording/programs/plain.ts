import { epochUs, monotonicUs } from '../../../src/core/clock.ts';
import type { LogHeader } from '../../../src/recording/session-log.ts';

export const eventId = (number: number): string => number.toString(16).padStart(16, '0');

export function plainHeader(id: string): LogHeader {
  const { pid, version: node, platform, arch } = process;
  return {
    id,
    epoch: epochUs() + monotonicUs(),
    trace: 'a'.repeat(32),
    mode: 'full',
    sdk: 'hindcast/0.0.0',
    flags: [],
    pid,
    node,
    platform,
    arch,
  };
}
