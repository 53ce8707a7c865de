// The frame of every page. No inline script or style, and nothing from elsewhere: the policy forbids both.
import { posix } from 'node:path';

const policy = "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; base-uri 'none'";

export function escape(text) {
  return text.replace(/[&<>"]/g, (sign) => ({ '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' })[sign]);
}

/** The heading as it is shown in the navigation: without what stands after a colon or in brackets. */
export function page({ address, title, html, headings, navigation }) {
  const up = posix.relative(posix.dirname(address), '.') || '.';
  const to = (target) => `${up}/${target}`;
  const menu = navigation
    .map(({ title: group, pages }) => {
      const items = pages.map(
        (one) =>
          `<li><a href="${to(one.address)}"${one.address === address ? ' aria-current="page"' : ''}>${escape(one.title)}</a></li>`,
      );
      return `<h2>${escape(group)}</h2>\n<ul>\n${items.join('\n')}\n</ul>`;
    })
    .join('\n');
  const inPage = headings.filter(({ level }) => level === 2);
  const contents =
    inPage.length < 2
      ? ''
      : `<nav class="contents" aria-label="On this page"><h2>On this page</h2><ul>\n${inPage
          .map(({ slug, title: heading }) => `<li><a href="#${slug}">${escape(heading)}</a></li>`)
          .join('\n')}\n</ul></nav>`;
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="color-scheme" content="light dark">
<title>${title === 'sigmasweep' ? title : `${escape(title)} · sigmasweep`}</title>
<link rel="stylesheet" href="${to('site.css')}">
<link rel="icon" href="data:,">
<script src="${to('theme.js')}"></script>
<script src="${to('search-index.js')}" defer></script>
<script src="${to('site.js')}" defer></script>
</head>
<body data-root="${up}">
<a class="skip" href="#content">Skip to the text</a>
<header>
<button id="menu" type="button" aria-expanded="false" aria-controls="pages">Pages</button>
<a class="name" href="${to('index.html')}">sigmasweep</a>
<div class="search"><label class="hidden" for="query">Search</label>
<input id="query" type="search" placeholder="Search ( / )" autocomplete="off" role="combobox" aria-expanded="false" aria-controls="results">
<ul id="results" role="listbox" hidden></ul></div>
<button id="theme" type="button">Dark</button>
</header>
<div class="columns">
<nav id="pages" aria-label="Pages">
${menu}
</nav>
<main id="content" tabindex="-1">
${html}
</main>
${contents}
</div>
</body>
</html>
`;
}
