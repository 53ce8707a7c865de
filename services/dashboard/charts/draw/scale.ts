/** Puts values on an axis. */
export interface Scale {
  at(value: number): number;
  readonly ticks: readonly { readonly value: number; readonly label: string }[];
}

/** The step of 1, 2 or 5 times a power of ten that gives about as many ticks as wanted. */
export function niceStep(span: number, wanted: number): number {
  const rough = span / Math.max(1, wanted);
  const power = 10 ** Math.floor(Math.log10(rough));
  const lead = rough / power;
  return power * (lead <= 1 ? 1 : lead <= 2 ? 2 : lead <= 5 ? 5 : 10);
}

/** @param range pixels of the lower and the upper end */
export function linearScale(
  [low, high]: readonly [number, number],
  [from, to]: readonly [number, number],
  wantedTicks: number,
): Scale {
  const span = high - low || 1;
  const step = niceStep(span, wantedTicks);
  const decimals = Math.max(0, -Math.floor(Math.log10(step) + 1e-9));
  const first = Math.ceil(low / step - 1e-9);
  const last = Math.floor(high / step + 1e-9);
  return {
    at: (value) => from + ((value - low) / span) * (to - from),
    ticks: Array.from({ length: Math.max(0, last - first + 1) }, (_, place) => {
      const value = (first + place) * step;
      return { value, label: minus(Math.abs(value) < step / 2 ? (0).toFixed(decimals) : value.toFixed(decimals)) };
    }),
  };
}

/** Positive values by their logarithm; ticks at 1, 2 and 5 of each decade. */
export function logarithmicScale([low, high]: readonly [number, number], [from, to]: readonly [number, number]): Scale {
  const [start, end] = [Math.log10(low), Math.log10(high)];
  const decades = Array.from(
    { length: Math.ceil(end) - Math.floor(start) + 1 },
    (_, place) => Math.floor(start) + place,
  );
  const leads = end - start > 3 ? [1] : [1, 2, 5];
  return {
    at: (value) => from + ((Math.log10(value) - start) / (end - start || 1)) * (to - from),
    ticks: decades
      .flatMap((decade) => leads.map((lead) => lead * 10 ** decade))
      .filter((value) => value >= low * 0.999 && value <= high * 1.001)
      .map((value) => ({ value, label: String(Number(value.toPrecision(3))) })),
  };
}

/** A true minus sign is as wide as a digit. */
export function minus(text: string): string {
  return text.replace('-', '−');
}
