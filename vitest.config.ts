import { relative } from 'node:path';
import { defineConfig } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

const timeouts = {
  // Deadlines are the tests' own (test/helpers/deadline.ts); these only end what hangs, on a slow machine too.
  testTimeout: 300_000,
  hookTimeout: 180_000,
};

/** Folders of test/, those of the longest files first: one of them at the end would leave a core idle. */
const folders = ['fault', 'browser', 'integration', 'conformance', 'fuzz', 'unit'];
const rank = ({ moduleId }: TestSpecification): number =>
  folders.findIndex((folder) => relative('test', moduleId).startsWith(folder));

class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files);
    return sorted.toSorted((a, b) => rank(a) - rank(b));
  }
}

export default defineConfig({
  test: {
    // Tests of the whole stack start a dozen processes each: more than two files at a time only makes them slower.
    maxWorkers: 2,
    sequence: { sequencer: LongestFirst },
    projects: [
      {
        test: {
          ...timeouts,
          name: 'processes',
          include: ['test/**/*.test.ts'],
          exclude: ['test/unit/**'],
          sequence: { groupOrder: 0 },
        },
      },
      {
        test: {
          ...timeouts,
          name: 'unit',
          include: ['test/unit/**/*.test.ts'],
          // Loading TensorFlow.js takes longer than most of these files, and nothing in them outlives its test.
          isolate: false,
          sequence: { groupOrder: 1 },
        },
      },
    ],
  },
});
