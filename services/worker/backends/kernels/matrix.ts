import type { HeapTensor, Workspace } from './workspace.js';

/**
 * rows × inner times inner × columns. The wasm backend multiplies fast only when neither side is to be transposed
 * (its transposing product is a plain loop, about 15 times slower), so callers bring both sides in this order.
 */
export function multiply(
  workspace: Workspace,
  left: HeapTensor,
  right: HeapTensor,
  rows: number,
  inner: number,
  columns: number,
): HeapTensor {
  const a = { ...left.info, shape: [1, rows, inner] };
  const b = { ...right.info, shape: [1, inner, columns] };
  return workspace.run('BatchMatMul', { a, b }, { transposeA: false, transposeB: false });
}

/** [rows, columns] → [columns, rows]. */
export function transpose(workspace: Workspace, matrix: HeapTensor, rows: number, columns: number): HeapTensor {
  return workspace.run('Transpose', { x: { ...matrix.info, shape: [rows, columns] } }, { perm: [1, 0] });
}
