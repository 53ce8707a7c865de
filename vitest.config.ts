import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    // Deadlines are the tests' own (test/helpers/deadline.ts); these only end what hangs, on a slow machine too.
    testTimeout: 300_000,
    hookTimeout: 180_000,
    // Tests of the whole stack start a dozen processes each: more than two files at a time only makes them slower.
    maxWorkers: 2,
  },
});
