// The documentation as a site that needs no server: `npm run docs` writes dist/site. Fails for a page that the navigation
// lacks and for a link that leads nowhere.
import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { build } from 'esbuild';
import MiniSearch from 'minisearch';
import { deadLinks, linkedFiles } from './links.js';
import { readNavigation, root } from './pages.js';
import { render } from './render.js';
import { searchOptions } from './search-options.js';
import { escape, page } from './template.js';

const here = join(root, 'scripts', 'docs-site');
const out = join(root, 'dist', 'site');

function write(address, text) {
  mkdirSync(dirname(join(out, address)), { recursive: true });
  writeFileSync(join(out, address), text);
}

/** What a link to a folder shows. */
function listing(folder, navigation) {
  const address = `${folder}/index.html`;
  const items = readdirSync(join(root, folder)).map((name) => `<li><a href="${escape(name)}">${escape(name)}</a></li>`);
  const html = `<h1>${escape(folder)}</h1>\n<ul>${items.join('\n')}</ul>`;
  write(address, page({ address, title: folder, html, headings: [], navigation }));
}

function searchIndex(pages) {
  const index = new MiniSearch(searchOptions);
  index.addAll(
    pages.flatMap(({ address, title: ofPage, sections }) =>
      sections.map(({ slug, title, text }, place) => ({
        id: `${address}#${place}`,
        address: `${address}#${slug}`,
        page: ofPage,
        title,
        text,
      })),
    ),
  );
  // A script, because a page that is opened from disk may not fetch.
  return `globalThis.searchIndex = ${JSON.stringify(index.toJSON())};\n`;
}

const groups = readNavigation();
const navigation = groups.map(({ title, pages }) => ({
  title,
  pages: pages.map((one) => ({ ...one, ...render(one.source, one.text) })),
}));
const pages = navigation.flatMap((group) => group.pages);
const dead = deadLinks(pages);
if (dead.length > 0) {
  process.stderr.write(`${dead.join('\n')}\n`);
  process.exit(1);
}

rmSync(out, { recursive: true, force: true });
for (const one of pages) write(one.address, page({ ...one, navigation }));
for (const { file, isFolder } of linkedFiles(pages)) {
  cpSync(join(root, file), join(out, file), { recursive: true });
  if (isFolder) listing(file, navigation);
}
write('search-index.js', searchIndex(pages));
for (const name of ['theme.js', 'site.css']) write(name, readFileSync(join(here, name)));
await build({
  entryPoints: [join(here, 'site.js')],
  outfile: join(out, 'site.js'),
  bundle: true,
  minify: true,
  format: 'iife',
  target: 'es2022',
  logLevel: 'warning',
});
process.stdout.write(`${pages.length} pages in dist/site; open dist/site/index.html\n`);
