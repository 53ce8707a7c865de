import { z } from 'zod';
import { comparisonDocument } from '../../../shared/compare/comparison-document.js';
import { comparisonAsDocument } from '../../../shared/compare/render-json.js';
import { settingKinds } from '../../../shared/compare/results.js';
import { metricSplits } from '../../../shared/messages/reports.js';
import { everything } from '../../compare/table-view.js';
import { listSettingKeys, readSettingCurves } from '../../queries/curves.js';
import { readShownComparison } from '../../queries/results.js';
import { endpoint } from '../endpoint.js';
import { after, limitUpTo, next, several, sweepPath } from '../fields.js';
import { neededSweep } from '../needed.js';
import { pageOf, readPlace } from '../places.js';

export const showComparison = endpoint({
  name: 'getComparison',
  method: 'get',
  address: '/sweeps/{sweepId}/comparison',
  group: 'Sweeps',
  summary: 'The comparison table: settings × test metrics, Δm, what is best and what is not significantly worse.',
  description:
    'Best and “not significantly worse” are decided among the settings that are shown. The parameters are those of the page’s address.',
  path: sweepPath,
  query: {
    sort: z.string().max(200).optional().describe('`name`, `seeds`, `delta`, `TASK.METRIC` or `weight.TASK`.'),
    order: z.enum(['asc', 'desc']).default('asc').describe('Of the sort.'),
    kind: z.enum(settingKinds).optional().describe('Settings of this kind only.'),
    find: z.string().max(200).default('').describe('Settings whose name holds this text.'),
    hide: several.describe('Keys of settings that are left out.'),
    col: several.describe('Columns as `TASK.METRIC`, `delta`; all when left out.'),
  },
  answer: comparisonDocument,
  errors: ['NOT_FOUND'],
  async handle(dependencies, { path, query: { sort, order, kind, find, hide, col } }) {
    const { id } = await neededSweep(dependencies, path);
    const { shown } = await readShownComparison(dependencies.database, id, {
      ...everything,
      sort,
      descending: order === 'desc',
      kind,
      text: find,
      hidden: hide,
      columns: col.length === 0 ? undefined : col,
    });
    return comparisonAsDocument(shown.comparison);
  },
});

export const curve = z
  .object({
    setting: z.string().describe('Key of the setting.'),
    split: z.enum(metricSplits),
    task: z.string(),
    metric: z.string(),
    epochs: z.array(z.int()),
    mean: z.array(z.number()).describe('One for each epoch, over the seeds that have come so far; unscaled.'),
    sd: z.array(z.number().nullable()).describe('Sample standard deviation; null for one seed.'),
    seeds: z.array(z.int()),
  })
  .describe('A quantity over epochs.');

export const showCurves = endpoint({
  name: 'getCurves',
  method: 'get',
  address: '/sweeps/{sweepId}/curves',
  group: 'Sweeps',
  summary: 'Quantities of the settings over epochs, averaged over seeds.',
  description: 'Settings come in the order of the table. Of a trial only the newest attempt counts.',
  path: sweepPath,
  query: {
    metric: several.unwrap().min(1).describe('Names of metrics, such as `meanIoU`, `loss` or `normalisedWeight`.'),
    split: z.enum(metricSplits).default('validation'),
    setting: several.describe('Keys of settings; all when left out.'),
    limit: limitUpTo(100, 20).describe('The most settings that one answer holds.'),
    after,
  },
  answer: z.object({ curves: z.array(curve), next }),
  errors: ['NOT_FOUND'],
  async handle(dependencies, { path, query: { metric, split, setting, limit, after: place } }) {
    const { database } = dependencies;
    const { id } = await neededSweep(dependencies, path);
    const [behind] = place === undefined ? [-1] : readPlace(place, ['integer']);
    const settings = await listSettingKeys(database, id, { among: setting, after: behind, limit: limit + 1 });
    const { page, next: following } = pageOf(settings, limit, ({ position }) => [position]);
    const keys = page.map(({ key }) => key);
    const found = await readSettingCurves(database, id, { settings: keys, splits: [split], metrics: metric });
    const order = new Map(keys.map((key, index) => [key, index]));
    const curves = found
      .sort((a, b) => (order.get(a.settingKey) ?? 0) - (order.get(b.settingKey) ?? 0))
      .map(({ settingKey, task, metric, epochs, means, deviations, seeds }) => ({
        setting: settingKey,
        split,
        task,
        metric,
        epochs: [...epochs],
        mean: [...means],
        sd: [...deviations],
        seeds: [...seeds],
      }));
    return { curves, next: following };
  },
});
