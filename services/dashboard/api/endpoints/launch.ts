import { z } from 'zod';
import type { Database } from '../../../shared/db/connect.js';
import { commands, inputFault } from '../../../shared/messages/commands.js';
import { newId } from '../../../shared/ids.js';
import { parseSweepSpec, type SweepSpec } from '../../../shared/sweep-spec/parse.js';
import { readSpecText } from '../../../shared/sweep-spec/read-text.js';
import { SpecError } from '../../../shared/sweep-spec/spec-error.js';
import { submission } from '../../../shared/sweep-spec/submission.js';
import { textName } from '../../launch/check-spec.js';
import { previewSweep } from '../../launch/preview.js';
import { listOwnWorkloads } from '../../queries/own-workloads.js';
import { endpoint } from '../endpoint.js';

const specBody = {
  spec: z
    .union([z.string(), z.record(z.string(), z.unknown())])
    .describe('A sweep spec: YAML or JSON as text, or an object.'),
  quick: z.boolean().default(false).describe('Whether its quick size is meant.'),
};

/** @throws SpecError */
async function parsed(
  database: Database,
  { spec, quick }: { readonly spec: unknown; readonly quick: boolean },
): Promise<SweepSpec> {
  const given = typeof spec === 'string' ? readSpecText(spec, textName) : spec;
  return parseSweepSpec(given, { quick, own: await listOwnWorkloads(database) });
}

export const checkSpec = endpoint({
  name: 'checkSpec',
  method: 'post',
  address: '/specs/check',
  group: 'Sweeps',
  summary: 'What a spec would train, or every fault of it; nothing is submitted.',
  body: z.strictObject(specBody),
  answer: z.object({
    ok: z.boolean(),
    trials: z.int().nullable(),
    rows: z
      .array(z.string())
      .nullable()
      .describe('Labels of the settings; null where there are thousands, or a fault.'),
    notes: z.array(z.string()).describe('Remarks, such as merged duplicates.'),
    faults: z.array(inputFault),
  }),
  async handle({ database }, { body }) {
    try {
      const { trials, rows, notes } = previewSweep(await parsed(database, body));
      return { ok: true, trials, rows: rows?.map(({ label }) => label) ?? null, notes: [...notes], faults: [] };
    } catch (error) {
      if (!(error instanceof SpecError)) throw error;
      return { ok: false, trials: null, rows: null, notes: [], faults: [...error.faults] };
    }
  },
});

export const submitSweep = endpoint({
  name: 'submitSweep',
  method: 'post',
  address: '/sweeps',
  group: 'Sweeps',
  summary: 'Submits a sweep.',
  description: 'The same spec submitted again is the same sweep, so that a request may be repeated.',
  body: z.strictObject({
    ...specBody,
    idempotencyKey: z
      .string()
      .min(1)
      .max(200)
      .optional()
      .describe('The same key is the same sweep; made from the spec when left out.'),
    again: z.boolean().default(false).describe('Whether a spec that was submitted before is trained once more.'),
  }),
  answer: commands.submit.response,
  errors: ['SPEC_INVALID', 'SUBMISSION_CONFLICT', 'COORDINATOR_UNREACHABLE'],
  handle: async ({ commands: give, database }, { body: { idempotencyKey, again, ...body } }) =>
    give.submit(submission(await parsed(database, body), idempotencyKey ?? (again ? newId('sweep') : undefined))),
});
