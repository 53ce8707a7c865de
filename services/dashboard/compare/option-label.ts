/** "optimizer.learningRate" → "optimizer: learning rate". */
export function optionLabel(path: string): string {
  if (path === 'kind') return 'Kind of weighting';
  if (path === 'method') return 'Weighting method';
  if (path === 'model.name') return 'Architecture';
  return path
    .replaceAll('.', ': ')
    .replace(/([A-Z])/g, ' $1')
    .toLowerCase();
}
