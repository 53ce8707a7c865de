import type { Matrix } from './matrix.js';

/**
 * Solves A·x = b by Gaussian elimination with partial pivoting (Golub & Van Loan, algorithm 3.4.1).
 * @returns undefined where A is singular to within rounding
 */
export function solveLinearSystem(matrix: Matrix, right: readonly number[]): number[] | undefined {
  const size = right.length;
  const rows = matrix.map((row, index) => [...row, right[index] ?? 0]);
  const largest = Math.max(...matrix.flat().map(Math.abs));
  for (let column = 0; column < size; column += 1) {
    const candidates = rows.slice(column).map((row) => Math.abs(row[column] ?? 0));
    const best = Math.max(...candidates);
    if (!(best > 1e-12 * largest)) return undefined;
    const from = column + candidates.indexOf(best);
    const pivot = rows[from] as number[];
    rows[from] = rows[column] as number[];
    rows[column] = pivot;
    for (const row of rows.slice(column + 1)) {
      const factor = (row[column] as number) / (pivot[column] as number);
      for (let k = column; k <= size; k += 1) row[k] = (row[k] as number) - factor * (pivot[k] as number);
    }
  }
  const solution = new Array<number>(size).fill(0);
  for (let index = size - 1; index >= 0; index -= 1) {
    const row = rows[index] as number[];
    const known = solution.reduce((sum, value, k) => (k > index ? sum + value * (row[k] as number) : sum), 0);
    solution[index] = ((row[size] as number) - known) / (row[index] as number);
  }
  return solution;
}
