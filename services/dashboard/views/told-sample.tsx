import { classColour } from '../../shared/catalog/class-colours.js';
import type { PictureKind, PictureNumbers } from '../../shared/messages/reports.js';
import { ClassSwatch } from './class-swatch.js';

export interface ToldSampleProps {
  readonly kind: PictureKind;
  readonly numbers: PictureNumbers;
  /** One number in the data's unit, rather than likelihoods. */
  readonly isNumber: boolean;
}

/** What is said of a whole sample: its class or labels, bars of how likely each is, or a number. */
export function ToldSample({ kind, numbers, isNumber }: ToldSampleProps) {
  if (isNumber) return <p class="told-number">{Number((numbers[0]?.value ?? NaN).toPrecision(4))}</p>;
  if (numbers.length === 0) return <p class="told-number">none</p>;
  return (
    <ul class="told">
      {numbers.map(({ name, position, value }) => (
        <li>
          <span class="told-name">
            <ClassSwatch label={position} />
            {name}
          </span>
          {kind === 'truth' ? null : (
            <>
              <span class="told-share">{(100 * value).toFixed(0)} %</span>
              <svg class="told-bar" viewBox="0 0 100 6" preserveAspectRatio="none" aria-hidden="true">
                <rect width={(100 * value).toFixed(1)} height="6" fill={`rgb(${classColour(position).join(' ')})`} />
              </svg>
            </>
          )}
        </li>
      ))}
    </ul>
  );
}
