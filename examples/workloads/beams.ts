/** Two regressions on a table: how far a beam bends under a load at its end, and what it weighs. */
import { BrokenSample, defineWorkload, holdOut, mean, readCsv, z, type CsvRow } from 'sigmasweep/workload';

const materials = ['steel', 'aluminium', 'oak'];

export default defineWorkload({
  name: 'beams',
  description: 'Cantilever beams: deflection and mass from their sizes, load and material.',
  tasks: {
    // The logarithm: deflections go over four orders of magnitude.
    deflection: { kind: 'regression', label: 'Deflection, log10 mm' },
    mass: { kind: 'regression', label: 'Mass, log10 kg' },
  },
  options: z.strictObject({
    folder: z.string().default('beams').describe('Folder under the data root.'),
    csv: z.string().default('beams.csv').describe('The table in it.'),
  }),
  model: { name: 'hard-sharing', encoder: { name: 'dense', channels: [32, 32] } },
  metrics: {
    deflection: {
      withinTenPercent: {
        better: 'higher',
        label: 'Within 10 %',
        unit: '%',
        scale: 100,
        decimals: 1,
        sum: mean(({ prediction, target }) => (Math.abs(10 ** (prediction - target) - 1) <= 0.1 ? 1 : 0)),
      },
    },
  },
  async data({ folder, csv }, machine) {
    const files = await machine.folder(folder);
    const { rows } = readCsv((await files.read(csv)).toString('utf8'), csv);
    const sampleOf = (row: CsvRow, index: number) => {
      const sizes = ['length', 'width', 'height', 'load'].map((column) => Math.log10(Number(row[column])));
      // One bad row is left out and named in the log; the sweep goes on.
      if (!sizes.every(Number.isFinite))
        throw new BrokenSample(`row ${index + 2} of ${csv}`, 'has a size that is none');
      return {
        input: [...sizes, ...materials.map((material) => (row['material'] === material ? 1 : 0))],
        targets: {
          // An empty field is "not known": it counts neither for the loss nor for the metrics.
          deflection: row['deflection'] ? Math.log10(Number(row['deflection'])) : undefined,
          mass: Math.log10(Number(row['mass'])),
        },
      };
    };
    const { kept, heldOut: test } = holdOut(
      rows.map((_, index) => String(index)),
      0.25,
      1,
    );
    const { kept: train, heldOut: validation } = holdOut(kept, 0.2, 2);
    const chosen = (names: readonly string[]) => ({
      length: names.length,
      sample: (position: number) => {
        const index = Number(names[position]);
        return sampleOf(rows[index] ?? {}, index);
      },
    });
    return {
      input: { features: 4 + materials.length },
      splits: { train: chosen(train), validation: chosen(validation), test: chosen(test) },
    };
  },
});
