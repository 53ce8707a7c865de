/** The text of a piece of HTML as a reader sees it: tags gone, entities decoded, white space joined. */
export function htmlText(html: string): string {
  return html
    .replace(/<[^>]*>/g, ' ')
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&quot;', '"')
    .replaceAll('&#39;', "'")
    .replaceAll('&amp;', '&')
    .replace(/\s+/g, ' ')
    .trim();
}

/** The cells of every body row of the first table with this class, as text. */
export function tableRows(html: string, className: string): string[][] {
  const table =
    new RegExp(`<table class="(?:[^"]* )?${className}(?: [^"]*)?">(.*?)</table>`, 's').exec(html)?.[1] ?? '';
  const body = /<tbody[^>]*>(.*)<\/tbody>/s.exec(table)?.[1] ?? '';
  return [...body.matchAll(/<tr[^>]*>(.*?)<\/tr>/gs)].map((row) =>
    [...(row[1] ?? '').matchAll(/<t[hd][^>]*>(.*?)<\/t[hd]>/gs)].map((cell) => htmlText(cell[1] ?? '')),
  );
}
