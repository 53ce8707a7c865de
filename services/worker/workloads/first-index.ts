import type { Split } from './workload.js';

/** First index of each split of a generated set: ranges cannot meet, since no split has more than 100,000 images. */
export const firstIndexOf: Readonly<Record<Split, number>> = { train: 0, validation: 1_000_000, test: 2_000_000 };
