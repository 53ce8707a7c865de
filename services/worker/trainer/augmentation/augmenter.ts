import type { Augmentation } from '../../../shared/catalog/augmentation.js';
import type { Batch, OpenTask, OpenWorkload, TargetArray } from '../../workloads/workload.js';
import { drawAugmentation, type Drawn } from './draw.js';
import { changeColours, placePicture } from './picture.js';
import { placementOf, type Placement } from './placement.js';
import { targetPlacers } from './targets.js';

type Size = Pick<OpenWorkload, 'height' | 'width' | 'channels'>;

/** Changes the samples of training batches, pictures and targets alike. */
export class Augmenter {
  /** One sample's numbers as they were, by name of the part. */
  private readonly originals = new Map<string, TargetArray>();

  /** @param tasks those whose targets the batches hold */
  constructor(
    private readonly options: Augmentation,
    private readonly size: Size,
    private readonly tasks: readonly Pick<OpenTask, 'name' | 'kind'>[],
    private readonly seed: number,
  ) {}

  /**
   * @param batch is changed in its own arrays
   * @param indices of its samples
   * @param epoch another one draws other changes
   */
  apply(batch: Batch, indices: ArrayLike<number>, epoch: number): void {
    for (let position = 0; position < batch.size; position += 1) {
      const sample = indices[position] as number;
      this.change(batch, position, drawAugmentation(this.options, this.seed, epoch, sample));
    }
  }

  /** Changes one sample of a batch. */
  change(batch: Batch, position: number, drawn: Drawn): void {
    const { height, width, channels } = this.size;
    const placement = placementOf(drawn, height, width);
    const picture = sampleOf(batch.images, position, batch.size);
    if (placement !== undefined) {
      placePicture(this.original('image', picture), picture, placement, channels);
      for (const task of this.tasks) this.placeTarget(batch, position, task, placement);
    }
    changeColours(picture, channels, drawn);
  }

  private placeTarget(
    { targets, size }: Batch,
    position: number,
    { name, kind }: Pick<OpenTask, 'name' | 'kind'>,
    placement: Placement,
  ): void {
    const values = targets[name];
    const place = targetPlacers[kind];
    if (values === undefined || place === undefined) return;
    const target = sampleOf(values, position, size);
    place(this.original(name, target), target, placement);
  }

  /** A copy of a sample's numbers, in memory that the next sample's take again. */
  private original<Values extends TargetArray>(part: string, values: Values): Values {
    let copy = this.originals.get(part);
    if (copy?.length !== values.length) {
      copy = values instanceof Int32Array ? new Int32Array(values.length) : new Float32Array(values.length);
      this.originals.set(part, copy);
    }
    copy.set(values);
    return copy as Values;
  }
}

function sampleOf<Values extends TargetArray>(values: Values, position: number, size: number): Values {
  const length = values.length / size;
  return values.subarray(position * length, (position + 1) * length) as Values;
}
