// Every link within the documentation leads to a file that is there, and to a heading that is there.
import { existsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { root } from './pages.js';
import { targetOf } from './render.js';

/** @returns what is wrong, in words, one a link; nothing where every link leads somewhere */
export function deadLinks(pages) {
  const headings = new Map(pages.map(({ source, headings }) => [source, headings.map(({ slug }) => slug)]));
  return pages.flatMap(({ source, links }) =>
    links.flatMap((href) => {
      const target = targetOf(source, href);
      if (target === undefined) return [];
      if (target.file.startsWith('..') || !existsSync(join(root, target.file)))
        return [`${source}: ${href} leads to no file`];
      if (target.file.endsWith('.md') && !headings.has(target.file))
        return [`${source}: ${href} is no page of the site`];
      if (target.hash === undefined) return [];
      const known = headings.get(target.file);
      if (known === undefined) return [`${source}: ${href}: only pages have headings`];
      return known.includes(target.hash) ? [] : [`${source}: ${href}: ${target.file} has no such heading`];
    }),
  );
}

/** Files and folders beside the pages that links lead to; the site carries copies. */
export function linkedFiles(pages) {
  const files = pages.flatMap(({ source, links }) =>
    links.flatMap((href) => {
      const file = targetOf(source, href)?.file;
      return file === undefined || file.endsWith('.md') ? [] : [file];
    }),
  );
  return [...new Set(files)].map((file) => ({ file, isFolder: statSync(join(root, file)).isDirectory() }));
}
