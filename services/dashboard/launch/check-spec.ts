import type { InputFault } from '../../shared/messages/commands.js';
import { parseSweepSpec, type SweepSpec } from '../../shared/sweep-spec/parse.js';
import { readSpecText } from '../../shared/sweep-spec/read-text.js';
import { SpecError } from '../../shared/sweep-spec/spec-error.js';

/** A spec's text as the coordinator would take it: the sweep it means, or every fault of it. */
export type SpecCheck =
  { readonly ok: true; readonly spec: SweepSpec } | { readonly ok: false; readonly faults: readonly InputFault[] };

/** Stands for the file's name in faults of the text itself: `text:3:5` is line 3, column 5. */
export const textName = 'text';

/** Reads a spec's text with the parser that the command line and the coordinator use. */
export function checkSpecText(text: string, options: Parameters<typeof parseSweepSpec>[1]): SpecCheck {
  try {
    return { ok: true, spec: parseSweepSpec(readSpecText(text, textName), options) };
  } catch (error) {
    if (error instanceof SpecError) return { ok: false, faults: error.faults };
    throw error;
  }
}
