import { morphChildren } from './morph.js';

type LiveState = 'connecting' | 'live' | 'reconnecting';

const stateTexts: Readonly<Record<LiveState, string>> = {
  connecting: 'connecting',
  live: 'live',
  reconnecting: 'reconnecting',
};

function show(state: LiveState): void {
  const indicator = document.getElementById('live');
  if (indicator === null || indicator.dataset.state === state) return;
  indicator.dataset.state = state;
  const text = indicator.querySelector('.live-text');
  if (text !== null) text.textContent = stateTexts[state];
}

/** Makes a number that has just arrived stand out for a moment; the style decides how, and whether at all. */
function highlight(element: Element): void {
  element.removeAttribute('data-fresh');
  requestAnimationFrame(() => element.setAttribute('data-fresh', ''));
  element.addEventListener('animationend', () => element.removeAttribute('data-fresh'), { once: true });
}

/** Boxes that show their end (a log) stay there, unless a person has scrolled up in them. */
function followers(region: Element): HTMLElement[] {
  return [...region.querySelectorAll<HTMLElement>('[data-follow]')].filter(
    (box) => box.scrollHeight - box.scrollTop - box.clientHeight < 24,
  );
}

export function scrollToEnds(region: Element): void {
  for (const box of region.querySelectorAll<HTMLElement>('[data-follow]')) box.scrollTop = box.scrollHeight;
}

/** What each region was last made from: most changes leave most of them as they are. */
const lastTexts = new WeakMap<Element, string>();

/** Fetches one region's HTML again and merges it in. @throws when the server does not answer with it */
export async function refreshRegion(region: Element, source: string): Promise<void> {
  const response = await fetch(source, { headers: { Accept: 'text/html' } });
  // The session has run out: the page leads to the login and back.
  if (response.status === 401) window.location.reload();
  if (!response.ok) throw new Error(`${source}: ${response.status}`);
  const text = await response.text();
  if (lastTexts.get(region) === text) return;
  lastTexts.set(region, text);
  const template = document.createElement('template');
  template.innerHTML = text;
  const atEnd = followers(region);
  morphChildren(region, template.content, highlight);
  for (const box of atEnd) box.scrollTop = box.scrollHeight;
}

/**
 * Keeps the page's regions (`data-live`) and whatever else is given up to date for as long as the page is open.
 * @param source address of the server-sent events
 * @param others further things to bring up to date, such as charts
 */
export function keepLive(source: string, others: readonly (() => Promise<void>)[]): void {
  let refreshing = false;
  let again = false;
  let retry: ReturnType<typeof setTimeout> | undefined;

  const refresh = async (): Promise<void> => {
    again = true;
    if (refreshing || document.hidden) return;
    refreshing = true;
    clearTimeout(retry);
    while (again) {
      again = false;
      const regions = [...document.querySelectorAll<HTMLElement>('[data-live]')];
      const results = await Promise.allSettled([
        ...regions.map((region) => refreshRegion(region, region.dataset.live ?? '')),
        ...others.map((other) => other()),
      ]);
      // The events may flow while the database is away: what could not be fetched is asked for again soon.
      if (results.some((result) => result.status === 'rejected')) {
        show('reconnecting');
        retry = setTimeout(() => void refresh(), 3000);
      } else {
        show('live');
      }
    }
    refreshing = false;
  };

  const connect = (): void => {
    const events = new EventSource(source);
    // Anything may have happened before the connection stood.
    events.addEventListener('open', () => void refresh());
    events.addEventListener('change', () => void refresh());
    events.addEventListener('error', () => {
      show('reconnecting');
      // The browser connects again by itself, but gives up after an answer that is no event stream.
      if (events.readyState === EventSource.CLOSED) setTimeout(connect, 3000);
    });
    window.addEventListener('pagehide', () => events.close(), { once: true });
  };
  connect();
  // A page in the background waits; it catches up when a person looks at it.
  document.addEventListener('visibilitychange', () => {
    if (!document.hidden && again) void refresh();
  });
  window.addEventListener('pageshow', (event) => {
    if (event.persisted) connect();
  });
}
