import type { LivePart } from './live.js';

/**
 * The charts of one place on the page. What draws them is most of all scripts: it is loaded beside their numbers, and the
 * rest of the page works before it has come.
 */
export function chartsLater(place: HTMLElement): LivePart {
  const load = (): Promise<LivePart> => import('./charts.js').then(({ startCharts }) => startCharts(place));
  let charts = load();
  charts.catch(() => undefined);
  return {
    element: place,
    source: () => place.dataset.charts ?? '',
    show: async (text) => {
      // One that could not be loaded is tried again with the next numbers.
      charts = charts.catch(load);
      await (await charts).show(text);
    },
  };
}
