import { dot, innerProduct, norms, times, type Matrix } from './matrix.js';

/**
 * Changes each vector against each of the others in turn, as PCGrad and GradVac do, without touching the vectors: all
 * stay within their span, so each is kept as its coefficients.
 * @param gram of the vectors
 * @param order for each vector, the others in the order in which they are met
 * @param share how much of vector `other` is added to the present vector `task`, whose cosine with it is given
 * @returns row i: the coefficients of the changed vector i
 */
export function changePairwise(
  gram: Matrix,
  order: readonly (readonly number[])[],
  share: (pair: {
    readonly task: number;
    readonly other: number;
    /** Of the changed vector `task` with the unchanged vector `other`. */
    readonly cosine: number;
    /** Length of the changed vector over that of the other. */
    readonly ratio: number;
  }) => number,
): number[][] {
  const lengths = norms(gram);
  return order.map((others, task) => {
    const coefficients = gram.map((_, index): number => (index === task ? 1 : 0));
    for (const other of others) {
      const otherLength = lengths[other] ?? 0;
      const length = Math.sqrt(Math.max(0, innerProduct(gram, coefficients, coefficients)));
      if (otherLength === 0 || length === 0) continue;
      const product = dot(gram[other] ?? [], coefficients);
      const cosine = Math.min(1, Math.max(-1, product / (length * otherLength)));
      const added = share({ task, other, cosine, ratio: length / otherLength });
      coefficients[other] = (coefficients[other] ?? 0) + added;
    }
    return coefficients;
  });
}

/** The coefficients of the sum of the changed vectors. */
export function summed(rows: Matrix): number[] {
  return times(transposed(rows), new Array<number>(rows.length).fill(1));
}

function transposed(rows: Matrix): number[][] {
  return rows.map((_, column) => rows.map((row) => row[column] ?? 0));
}
