import { refreshRegion } from './live.js';

/** Shows the pictures of the epoch that a slider is moved to; the address holds it, and so do later updates. */
export function startEpochSlider(): void {
  document.addEventListener('input', (event) => {
    const slider = event.target;
    if (!(slider instanceof HTMLInputElement) || slider.dataset.epochs === undefined) return;
    const epoch = slider.dataset.epochs.split(' ')[Number(slider.value)];
    const region = slider.closest<HTMLElement>('[data-live]');
    if (epoch === undefined || region === null) return;
    const withEpoch = (address: string): string => {
      const url = new URL(address, window.location.href);
      url.searchParams.set('epoch', epoch);
      return `${url.pathname}${url.search}`;
    };
    history.replaceState(null, '', withEpoch(window.location.href));
    const source = withEpoch(region.dataset.live ?? '');
    region.dataset.live = source;
    void refreshRegion(region, source).catch(() => window.location.reload());
  });
}
