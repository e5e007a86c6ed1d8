import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    // Else each recording in a folder of its own would start a process that looks at the machine.
    env: { HINDCAST_HOST_INFO: 'off' },
    // Scenario tests start real processes: two at a time is what a two-core machine carries.
    maxWorkers: 2,
    testTimeout: 60_000,
    hookTimeout: 120_000,
  },
});
