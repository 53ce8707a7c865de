import { classColour } from '../../shared/catalog/class-colours.js';

/** The colour of a class in the pictures. */
export function ClassSwatch({ label }: { label: number }) {
  return (
    <svg class="class-swatch" viewBox="0 0 10 10" aria-hidden="true">
      <rect width="10" height="10" rx="2" fill={`rgb(${classColour(label).join(' ')})`} />
    </svg>
  );
}
