import { lightInk } from '../charts/draw/ink.js';
import { drawChart } from '../charts/draw/draw.js';
import type { Chart, LegendEntry } from '../charts/spec.js';
import { chartCsv } from '../charts/csv.js';
import { make } from './dom.js';

/** Pixels of a PNG for each of the drawing's: sharp on paper at 5 cm and more. */
const pngScale = 3;
const fileWidth = 640;

function save(blob: Blob, name: string): void {
  const address = URL.createObjectURL(blob);
  make('a', { href: address, download: name }).click();
  // The browser has to have begun reading it.
  setTimeout(() => URL.revokeObjectURL(address), 30_000);
}

/** A drawing for paper: light, with title and legend, without what a person has switched off. */
function drawForFile(chart: Chart, legend: readonly LegendEntry[], hidden: ReadonlySet<string>): string {
  return drawChart(chart, legend, { width: fileWidth, ink: lightInk, hidden, alone: true });
}

async function pngOf(svg: string): Promise<Blob> {
  const image = new Image();
  image.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(svg)}`;
  await image.decode();
  const canvas = make('canvas', { width: image.width * pngScale, height: image.height * pngScale });
  canvas.getContext('2d')?.drawImage(image, 0, 0, canvas.width, canvas.height);
  return new Promise((resolve, reject) => {
    canvas.toBlob(
      (blob) => (blob === null ? reject(new Error('the browser made no PNG')) : resolve(blob)),
      'image/png',
    );
  });
}

type Save = (chart: Chart, legend: readonly LegendEntry[], hidden: ReadonlySet<string>) => Promise<void>;

/** The forms that a chart can be saved in, in the order in which it offers them. */
export const chartFiles: readonly { readonly label: string; readonly save: Save }[] = [
  {
    label: 'SVG',
    save: (chart, legend, hidden) => {
      save(new Blob([drawForFile(chart, legend, hidden)], { type: 'image/svg+xml' }), `${chart.id}.svg`);
      return Promise.resolve();
    },
  },
  {
    label: 'PNG',
    save: async (chart, legend, hidden) => save(await pngOf(drawForFile(chart, legend, hidden)), `${chart.id}.png`),
  },
  {
    label: 'CSV',
    save: (chart, legend) => {
      save(new Blob([chartCsv(chart, legend)], { type: 'text/csv' }), `${chart.id}.csv`);
      return Promise.resolve();
    },
  },
];
