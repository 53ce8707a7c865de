import type { Database } from '../../shared/db/connect.js';
import { storableText } from './storable-text.js';

/** A dead letter keeps this much of a message, in bytes: enough to see what it was. */
const keptBytes = 64 * 1024;

export interface DeadLetter {
  readonly subject: string;
  readonly reason: string;
  readonly body: Uint8Array;
}

/** Keeps messages that could not be understood. */
export async function keepDeadLetters(database: Database, letters: readonly DeadLetter[]): Promise<void> {
  if (letters.length === 0) return;
  await database.deadLetter.createMany({
    data: letters.map(({ subject, reason, body }) => ({
      subject: storableText(subject),
      reason: storableText(reason).slice(0, 4000),
      body: new Uint8Array(body.subarray(0, keptBytes)),
    })),
  });
}
