/** One thing that was looked at on this machine. */
export interface Finding {
  readonly topic: string;
  /** `missing`: a sweep cannot run here without it. `note`: it can, but the person may want to know. */
  readonly state: 'ok' | 'note' | 'missing';
  readonly found: string;
  /** What to do about it. */
  readonly hint?: string | undefined;
}

const marks: Readonly<Record<Finding['state'], string>> = { ok: '✓', note: '!', missing: '✗' };
const colours: Readonly<Record<Finding['state'], string>> = { ok: '32', note: '33', missing: '31' };

/** Lines for people; the hint is below what it belongs to. */
export function renderFindings(findings: readonly Finding[], colour: boolean): string[] {
  const width = Math.max(...findings.map(({ topic }) => topic.length));
  return findings.flatMap(({ topic, state, found, hint }) => {
    const mark = colour ? `\u001b[${colours[state]}m${marks[state]}\u001b[0m` : marks[state];
    const indent = ' '.repeat(width + 4);
    const lines = [...found.split('\n'), ...(hint === undefined ? [] : [`→ ${hint}`])];
    return lines.map((line, index) => (index === 0 ? `${mark} ${topic.padEnd(width)}  ${line}` : `${indent}${line}`));
  });
}

/** A finding of something that failed with an error. */
export function findingOfError(topic: string, error: unknown, state: Finding['state'] = 'missing'): Finding {
  const hint = error instanceof Error && 'hint' in error && typeof error.hint === 'string' ? error.hint : undefined;
  return { topic, state, found: error instanceof Error ? error.message : String(error), hint };
}
