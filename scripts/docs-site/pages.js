// Which pages the site has, and where each is: `docs/spec.md` is `docs/spec.html`, README.md is `index.html`.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parse } from 'yaml';

export const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));

/** The address of a page's file in the site, from the site's root. */
export function addressOf(source) {
  return source === 'README.md' ? 'index.html' : source.replace(/\.md$/, '.html');
}

/**
 * The navigation: groups of pages in their order.
 * @throws Error that names pages that are listed and not there, or there and not listed
 */
export function readNavigation() {
  const groups = Object.entries(parse(readFileSync(join(root, 'docs', 'navigation.yaml'), 'utf8')));
  const listed = groups.flatMap(([, pages]) => pages);
  const there = readdirSync(join(root, 'docs'), { recursive: true })
    .map((name) => `docs/${name.replaceAll('\\', '/')}`)
    .filter((name) => name.endsWith('.md'));
  const faults = [
    ...there.filter((page) => !listed.includes(page)).map((page) => `${page} is not in docs/navigation.yaml`),
    ...listed
      .filter((page) => !existsSync(join(root, page)))
      .map((page) => `docs/navigation.yaml lists ${page}: no file`),
    ...listed
      .filter((page, index) => listed.indexOf(page) !== index)
      .map((page) => `docs/navigation.yaml has ${page} twice`),
  ];
  if (faults.length > 0) throw new Error(faults.join('\n'));
  return groups.map(([title, pages]) => ({
    title,
    pages: pages.map((source) => ({
      source,
      address: addressOf(source),
      text: readFileSync(join(root, source), 'utf8'),
    })),
  }));
}
