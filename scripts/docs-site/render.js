// Markdown to HTML: headings with GitHub's anchors, tables that scroll, highlighted code, links that stay in the site.
import { posix } from 'node:path';
import hljs from 'highlight.js/lib/core';
import bash from 'highlight.js/lib/languages/bash';
import json from 'highlight.js/lib/languages/json';
import python from 'highlight.js/lib/languages/python';
import yaml from 'highlight.js/lib/languages/yaml';
import MarkdownIt from 'markdown-it';
import anchor from 'markdown-it-anchor';
import { addressOf } from './pages.js';

for (const [name, language] of Object.entries({ sh: bash, json, python, yaml })) hljs.registerLanguage(name, language);

/** The anchor that GitHub gives a heading, so that links work there and here. */
export function slugOf(heading) {
  return heading
    .trim()
    .toLowerCase()
    .replace(/[^\p{L}\p{N}\s_-]/gu, '')
    .replace(/\s/g, '-');
}

const isElsewhere = (href) => /^[a-z]+:/.test(href);

/** Where a link of a page leads, from the repository's root; undefined for other sites. */
export function targetOf(source, href) {
  if (isElsewhere(href)) return undefined;
  const [path = '', hash] = href.split('#');
  const file = path === '' ? source : posix.normalize(posix.join(posix.dirname(source), decodeURIComponent(path)));
  return { file: file.replace(/\/$/, ''), hash: hash === undefined ? undefined : decodeURIComponent(hash) };
}

/**
 * @param source the page's path from the repository's root
 * @returns its HTML, title, headings, the text of each section, and every link as it was written
 */
export function render(source, text) {
  const headings = [];
  const links = [];
  const markdown = new MarkdownIt({
    html: true,
    highlight: (code, language) =>
      hljs.getLanguage(language) === undefined ? '' : hljs.highlight(code, { language }).value,
  });
  markdown.use(anchor, {
    slugify: slugOf,
    permalink: anchor.permalink.headerLink({ safariReaderFix: true }),
    callback: (token, { slug, title }) => headings.push({ level: Number(token.tag.slice(1)), slug, title }),
  });
  const { rules } = markdown.renderer;
  rules.table_open = () => '<div class="table" tabindex="0"><table>\n';
  rules.table_close = () => '</table></div>\n';
  const rewrite = (token, name) => {
    const href = token.attrGet(name) ?? '';
    if (href === '') return;
    if (!href.startsWith('#') || name === 'src') links.push(href);
    const target = targetOf(source, href);
    if (target === undefined) token.attrSet('rel', 'noopener');
    else if (!href.startsWith('#')) {
      const to = target.file.endsWith('.md') ? addressOf(target.file) : target.file;
      const relative = posix.relative(posix.dirname(addressOf(source)), to);
      token.attrSet(name, relative + (target.hash === undefined ? '' : `#${target.hash}`));
    } else if (!headings.some(({ slug }) => slug === target.hash)) links.push(href);
  };
  rules.link_open = (tokens, index, options, _, self) => {
    rewrite(tokens[index], 'href');
    return self.renderToken(tokens, index, options);
  };
  const image = rules.image;
  rules.image = (tokens, index, options, environment, self) => {
    rewrite(tokens[index], 'src');
    return image(tokens, index, options, environment, self);
  };
  // A comment is a note to those who write the pages.
  const html = markdown.render(text.replace(/<!--[^]*?-->/g, ''));
  return { html, title: headings[0]?.title ?? source, headings, links, sections: sectionsOf(html, headings) };
}

/** What is searched: the text under each heading. */
function sectionsOf(html, headings) {
  const parts = html.split(/(?=<h[1-6] id=")/).filter((part) => part.startsWith('<h'));
  return parts.map((part, index) => ({
    slug: headings[index]?.slug ?? '',
    title: headings[index]?.title ?? '',
    text: part
      .replace(/^<h[^]*?<\/h\d>/, '')
      .replace(/<[^>]+>/g, ' ')
      .replace(/&(lt|gt|amp|quot|#39);/g, (_, name) => ({ lt: '<', gt: '>', amp: '&', quot: '"' })[name] ?? "'")
      .replace(/\s+/g, ' ')
      .trim(),
  }));
}
