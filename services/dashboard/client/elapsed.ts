import { formatDuration } from '../../shared/format-duration.js';

/** The server's number and when it came, per element: durations go on counting between updates. */
const bases = new WeakMap<Element, { text: string; at: number }>();

function tick(): void {
  const now = performance.now();
  for (const element of document.querySelectorAll('[data-elapsed]')) {
    const text = element.getAttribute('data-elapsed') ?? '';
    let base = bases.get(element);
    if (base?.text !== text) {
      base = { text, at: now };
      bases.set(element, base);
    }
    element.textContent = formatDuration(Number(text) + (now - base.at) / 1000);
  }
}

export function keepTime(): void {
  tick();
  setInterval(tick, 1000);
}
