// In the browser: search, the dark and light look, the menu of narrow windows. Pages are whole without it.
import MiniSearch from 'minisearch';
import { searchOptions } from './search-options.js';

const root = document.body.dataset.root;
const query = document.querySelector('#query');
const results = document.querySelector('#results');
const themeButton = document.querySelector('#theme');
const menuButton = document.querySelector('#menu');
const html = document.documentElement;

let index;
const searchIndex = () => (index ??= MiniSearch.loadJS(globalThis.searchIndex, searchOptions));

function show(found) {
  results.replaceChildren(
    ...found.map(({ address, page, title }) => {
      const link = document.createElement('a');
      link.href = `${root}/${address}`;
      const heading = document.createElement('strong');
      heading.textContent = title;
      const where = document.createElement('span');
      where.textContent = page;
      link.append(heading, where);
      const item = document.createElement('li');
      item.setAttribute('role', 'option');
      item.append(link);
      return item;
    }),
  );
  if (found.length === 0) {
    const item = document.createElement('li');
    item.textContent = 'Nothing was found.';
    results.append(item);
  }
  results.hidden = query.value.trim() === '';
  query.setAttribute('aria-expanded', String(!results.hidden));
}

query.addEventListener('input', () => show(searchIndex().search(query.value).slice(0, 12)));
query.addEventListener('keydown', (event) => {
  if (event.key === 'Escape') query.value = '';
  if (event.key === 'Escape') show([]);
  if (event.key === 'Enter') results.querySelector('a')?.click();
  if (event.key === 'ArrowDown') {
    event.preventDefault();
    results.querySelector('a')?.focus();
  }
});
results.addEventListener('keydown', (event) => {
  const links = [...results.querySelectorAll('a')];
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (step === undefined) return;
  event.preventDefault();
  const next = links[links.indexOf(document.activeElement) + step];
  (next ?? query).focus();
});
document.addEventListener('keydown', (event) => {
  if (event.key !== '/' || /^(INPUT|TEXTAREA)$/.test(document.activeElement?.tagName ?? '')) return;
  event.preventDefault();
  query.focus();
});

const isDark = () =>
  html.dataset.theme === undefined ? matchMedia('(prefers-color-scheme: dark)').matches : html.dataset.theme === 'dark';
const label = () => (themeButton.textContent = isDark() ? 'Light' : 'Dark');
themeButton.addEventListener('click', () => {
  html.dataset.theme = isDark() ? 'light' : 'dark';
  label();
  try {
    localStorage.setItem('theme', html.dataset.theme);
  } catch {
    // The choice then lasts for this page.
  }
});
label();

menuButton.addEventListener('click', () => {
  const open = document.body.classList.toggle('menu-open');
  menuButton.setAttribute('aria-expanded', String(open));
});
