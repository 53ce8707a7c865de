import { refreshRegion } from './live.js';

/** Waits for a pause in typing, in milliseconds. */
const typingPause = 200;

const regionId = 'comparison';

/** The form's parameters; what is as usual stays out of the address. */
function formQuery(form: HTMLFormElement): URLSearchParams {
  const query = new URLSearchParams();
  for (const [name, value] of new FormData(form)) {
    if (typeof value === 'string' && value !== '') query.append(name, value);
  }
  const boxes = [...form.querySelectorAll<HTMLInputElement>('input[name="col"]')];
  if (boxes.every((box) => box.checked)) query.delete('col');
  return query;
}

/** Shows another view of the table without loading the page again; the address always holds the view. */
async function show(search: string, remember: 'push' | 'replace' | 'none'): Promise<void> {
  const region = document.getElementById(regionId);
  if (region === null) return;
  const path = window.location.pathname;
  if (remember === 'push') history.pushState(null, '', `${path}${search}`);
  if (remember === 'replace') history.replaceState(null, '', `${path}${search}`);
  const source = `${path}/fragment/${regionId}${search}`;
  region.dataset.live = source;
  region.setAttribute('aria-busy', 'true');
  try {
    await refreshRegion(region, source);
  } finally {
    region.removeAttribute('aria-busy');
  }
}

/** Makes links and controls of the table's view work in place. Without this they load the page, with the same result. */
export function startTableView(): void {
  const failed = (): void => window.location.reload();
  document.addEventListener('click', (event) => {
    if (event.defaultPrevented || event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey) return;
    const link = event.target instanceof Element ? event.target.closest<HTMLAnchorElement>('a[data-view-link]') : null;
    if (link === null) return;
    event.preventDefault();
    void show(new URL(link.href).search, 'push').catch(failed);
  });
  const apply = (form: HTMLFormElement, remember: 'push' | 'replace'): void => {
    const query = formQuery(form).toString();
    void show(query === '' ? '' : `?${query}`, remember).catch(failed);
  };
  const formOf = (event: Event): HTMLFormElement | undefined => {
    const { target } = event;
    const form = target instanceof HTMLInputElement || target instanceof HTMLSelectElement ? target.form : target;
    return form instanceof HTMLFormElement && form.hasAttribute('data-view-form') ? form : undefined;
  };
  document.addEventListener('submit', (event) => {
    const form = formOf(event);
    if (form === undefined) return;
    event.preventDefault();
    apply(form, 'push');
  });
  document.addEventListener('change', (event) => {
    const form = formOf(event);
    if (form !== undefined && !(event.target instanceof HTMLInputElement && event.target.type === 'search')) {
      apply(form, 'push');
    }
  });
  let typing: ReturnType<typeof setTimeout> | undefined;
  document.addEventListener('input', (event) => {
    const form = formOf(event);
    if (form === undefined || !(event.target instanceof HTMLInputElement) || event.target.type !== 'search') return;
    clearTimeout(typing);
    typing = setTimeout(() => apply(form, 'replace'), typingPause);
  });
  window.addEventListener('popstate', () => void show(window.location.search, 'none').catch(failed));
}
