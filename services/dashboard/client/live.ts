import type { PartsAnswer } from '../live/parts-answer.js';
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

/** @throws when the server does not answer with what was asked for */
async function read(source: string, init: RequestInit): Promise<Response> {
  const response = await fetch(source, init);
  // The session has run out: the page leads to the login and back.
  if (response.status === 401) window.location.reload();
  if (!response.ok) throw new Error(`${source}: ${response.status}`);
  return response;
}

/** Merges a region's new HTML in. */
function mergeRegion(region: Element, text: string): void {
  if (lastTexts.get(region) === text) return;
  lastTexts.set(region, text);
  const template = document.createElement('template');
  template.innerHTML = text;
  const atEnd = followers(region);
  morphChildren(region, template.content, highlight);
  for (const box of atEnd) box.scrollTop = box.scrollHeight;
}

/** What the server calls the version of an element that the page has, and where that came from. */
const versions = new WeakMap<Element, { readonly source: string; readonly tag: string }>();

/** Fetches one region's HTML again and merges it in. @throws when the server does not answer with it */
export async function refreshRegion(region: HTMLElement, source: string): Promise<void> {
  const response = await read(source, { headers: { Accept: 'text/html' } });
  const text = await response.text();
  // A person has gone on meanwhile.
  if (region.dataset.live !== source) return;
  mergeRegion(region, text);
  versions.set(region, { source, tag: response.headers.get('ETag') ?? '' });
}

/** Something on the page that the server has newer versions of. */
export interface LivePart {
  readonly element: HTMLElement;
  /** Where it comes from now: a person's choices change it. */
  readonly source: () => string;
  readonly show: (text: string) => void | Promise<void>;
}

function liveRegions(): LivePart[] {
  return [...document.querySelectorAll<HTMLElement>('[data-live]')].map((element) => ({
    element,
    source: () => element.dataset.live ?? '',
    show: (text) => mergeRegion(element, text),
  }));
}

/** Brings parts up to date with one request, which is answered with those that have changed. @throws when one failed */
async function bring(parts: readonly LivePart[]): Promise<void> {
  const asked = parts.map((part) => ({ part, source: part.source() }));
  const query = new URLSearchParams();
  for (const { part, source } of asked) {
    const version = versions.get(part.element);
    query.append('of', source);
    query.append('has', version?.source === source ? version.tag : '');
  }
  // Kept here and not by the browser: no second answer to the same address is alike.
  const response = await read(`/parts?${query.toString()}`, { cache: 'no-store' });
  const answers = (await response.json()) as PartsAnswer;
  for (const [index, { part, source }] of asked.entries()) {
    const { status, tag, text } = answers[index] ?? {};
    // A person has chosen another view meanwhile: it has been fetched already.
    if (status !== 200 || part.source() !== source) continue;
    await part.show(text ?? '');
    versions.set(part.element, { source, tag: tag ?? '' });
  }
  const failed = answers.find(({ status }) => status !== 200 && status !== 304);
  if (failed !== undefined) throw new Error(`parts of the page: ${failed.status}`);
}

/**
 * Keeps the page's regions (`data-live`) and whatever else is given up to date for as long as the page is open.
 * @param source address of the server-sent events
 * @param others further things to bring up to date, such as charts; they are not in the page that was loaded
 */
export function keepLive(source: string, others: readonly LivePart[]): void {
  // At once: the page that was loaded holds everything else. What fails here is asked for again with the rest.
  const drawn = others.length === 0 ? undefined : bring(others).catch(() => undefined);
  let refreshing = false;
  let again = false;
  let retry: ReturnType<typeof setTimeout> | undefined;

  const refresh = async (): Promise<void> => {
    again = true;
    if (refreshing || document.hidden) return;
    refreshing = true;
    clearTimeout(retry);
    await drawn;
    while (again) {
      again = false;
      try {
        await bring([...liveRegions(), ...others]);
        show('live');
      } catch {
        // The events may flow while the database is away: what could not be fetched is asked for again soon.
        show('reconnecting');
        retry = setTimeout(() => void refresh(), 3000);
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
