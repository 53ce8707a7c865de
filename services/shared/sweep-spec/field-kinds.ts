import { z } from 'zod';
import { lossWeight } from '../catalog/weighting-options.js';
import { showValue } from './describe-issue.js';

/** Says in faults what the keys of a mapping are. */
export const keyNouns = z.registry<{ noun: string }>();

const textMessage = 'must be visible text without control characters';

/**
 * Text that people read. It may hold anything that can be shown and stored: no control characters but tab and line
 * ends (they would steer terminals, and PostgreSQL refuses U+0000), no halves of surrogate pairs, not only blanks. The
 * pattern is part of the JSON Schema, so it holds only what the expressions of every language have.
 */
export const shownText = (longest: number) =>
  z
    .string()
    .max(longest)
    .regex(/^(?=\s*\S)[^\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f]*$/, textMessage)
    .refine((text) => !/\p{Cs}/u.test(text), {
      error: ({ input }) => `${textMessage}; found ${showValue(input)}`,
      when: withoutFault,
    });

/** One of the known names; any text where they are not known. */
export function nameOf(known: readonly string[] | undefined): z.ZodType<string, string> {
  return known === undefined || known.length === 0 ? z.string().min(1).max(64) : z.enum(known);
}

/** A list without repetitions; a repeated entry is a fault of its own. */
export function distinct<Item extends z.ZodType<string | number>>(item: Item, most: number) {
  return z
    .array(item)
    .min(1)
    .max(most)
    .meta({ uniqueItems: true })
    .superRefine(
      (items, context) => {
        const first = new Map<string | number, number>();
        for (const [index, value] of items.entries()) {
          const before = first.get(value);
          if (before === undefined) first.set(value, index);
          else {
            const message = `must not repeat an entry; found ${showValue(value)}, as at [${before}]`;
            context.addIssue({ code: 'custom', path: [index], message });
          }
        }
      },
      // Also where other entries are wrong: a spec's faults are shown all at once.
      { when: ({ value }) => Array.isArray(value) },
    );
}

/** For rules that would only repeat a fault that is there already. */
export function withoutFault({ issues }: z.core.ParsePayload): boolean {
  return issues.length === 0;
}

/** A mapping from some of the tasks to something. */
export function perTask<Value extends z.ZodType>(
  tasks: readonly string[] | undefined,
  value: Value,
): z.ZodType<Record<string, z.output<Value>>> {
  return tasks === undefined ? z.record(z.string(), value) : keyedBy(tasks, value, 'task of this sweep');
}

/**
 * A mapping from some of the keys to something.
 * @param noun what a key is, for faults
 */
export function keyedBy<Value extends z.ZodType>(
  keys: readonly string[],
  value: Value,
  noun: string,
): z.ZodType<Record<string, z.output<Value>>> {
  const schema = z.strictObject(Object.fromEntries(keys.map((key) => [key, value.optional()])));
  schema.register(keyNouns, { noun });
  return schema as unknown as z.ZodType<Record<string, z.output<Value>>>;
}

/** A weight per task, at least one of them above 0. */
export function taskWeights(tasks: readonly string[] | undefined) {
  return perTask(tasks, lossWeight).refine((weights) => Object.values(weights).some((weight) => weight > 0), {
    message: 'has no weight above 0, so that nothing would be trained',
    when: withoutFault,
  });
}
