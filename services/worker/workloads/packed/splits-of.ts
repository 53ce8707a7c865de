import type { OpenWorkload, Split } from '../workload.js';
import type { PackedDataset } from './packed-dataset.js';

/**
 * Opens the three splits one after the other.
 * @returns the parts of an open workload that follow from them
 */
export async function splitsOf(
  open: (split: Split) => Promise<PackedDataset>,
): Promise<Pick<OpenWorkload, 'splits' | 'skipped' | 'forms' | 'close'>> {
  const opened: PackedDataset[] = [];
  const close = (): void => opened.forEach((dataset) => dataset.close());
  const openOne = async (split: Split): Promise<PackedDataset> => {
    const dataset = await open(split);
    opened.push(dataset);
    return dataset;
  };
  try {
    const splits = {
      train: await openOne('train'),
      validation: await openOne('validation'),
      test: await openOne('test'),
    };
    const { train, validation, test } = splits;
    const skipped = { train: train.skipped, validation: validation.skipped, test: test.skipped };
    const forms = { train: train.forms, validation: validation.forms, test: test.forms };
    return { splits, skipped, forms, close };
  } catch (error) {
    close();
    throw error;
  }
}
