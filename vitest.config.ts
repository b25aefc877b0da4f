import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    exclude: ['dist/**', 'node_modules/**'],
    testTimeout: 30_000,
    hookTimeout: 60_000,
    pool: 'forks',
    // Many suites wait for servers and processes: two at once keep two cores busy, and more would make them wait for each other.
    maxWorkers: 2,
    globalSetup: ['test/support/global-setup.ts'],
  },
});
