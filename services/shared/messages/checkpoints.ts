import { z } from 'zod';

/** A checkpoint in the store, as the database knows it and as a claim's answer offers it. */
export const storedCheckpoint = z.object({
  attempt: z.int().min(1),
  /** Optimizer steps that are done. */
  step: z.int().min(0),
  /** The epoch that goes on from here. */
  epoch: z.int().min(0),
  bytes: z.int().min(1),
  /** Of the whole file. */
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
  /** Its name in the store, never used twice. */
  object: z.string().regex(/^[A-Za-z0-9_-]{1,64}(\.[A-Za-z0-9_-]{1,64}){1,4}$/),
  /** Whether training is over: the network that was tested. */
  final: z.boolean(),
});
export type StoredCheckpoint = z.infer<typeof storedCheckpoint>;
