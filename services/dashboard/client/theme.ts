import { darkInk, lightInk, type Ink } from '../charts/draw/ink.js';
import type { ChartTheme } from './chart-config.js';

export const darkQuery = window.matchMedia('(prefers-color-scheme: dark)');

/** What Chart.js draws with, from the page's style sheet. */
export function readTheme(): ChartTheme {
  const style = getComputedStyle(document.documentElement);
  const colour = (name: string): string => style.getPropertyValue(name).trim();
  return {
    dark: darkQuery.matches,
    text: colour('--text'),
    muted: colour('--muted'),
    grid: colour('--line'),
    surface: colour('--surface'),
    font: getComputedStyle(document.body).fontFamily,
  };
}

/** The same for drawings as SVG. */
export function readInk(): Ink {
  return darkQuery.matches ? darkInk : lightInk;
}
