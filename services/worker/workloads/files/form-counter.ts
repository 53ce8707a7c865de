import type { FileForms } from '../workload.js';

/** Pictures come in any size: what only few files hold is counted as one. */
const mostForms = 12;
const others = 'others';

/** Counts what the files of each part of a data set hold. */
export class FormCounter {
  private readonly parts = new Map<string, Map<string, number>>();

  /**
   * @param part such as a folder's name
   * @param form of one file's numbers, such as "float32 288 × 384 × 3"
   */
  count(part: string, form: string): void {
    const forms = this.parts.get(part) ?? new Map<string, number>();
    this.parts.set(part, forms);
    const known = forms.has(form) || forms.size < mostForms ? form : others;
    forms.set(known, (forms.get(known) ?? 0) + 1);
  }

  counts(): FileForms {
    return Object.fromEntries([...this.parts].map(([part, forms]) => [part, Object.fromEntries(forms)]));
  }
}
