import { z } from 'zod';

/** Version of every message on the wire; a message of another version is refused and kept as a dead letter. */
export const protocolVersion = 1;
export const version = z.literal(protocolVersion);

/** Ids become NATS subject tokens and Postgres keys, so they hold nothing but these characters. */
export const id = z.string().regex(/^[A-Za-z0-9_-]{1,64}$/, 'an id has 1 to 64 letters, digits, "-" or "_"');

export const errorRecord = z.object({
  code: z.string().max(100),
  message: z.string().max(10_000),
  hint: z.string().max(10_000).optional(),
  stack: z.string().max(20_000).optional(),
});
