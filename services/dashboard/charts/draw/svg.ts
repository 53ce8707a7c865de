/** SVG as text, so that the server, the page and the files are drawn by the same code. */

export type Attributes = Readonly<Record<string, string | number | undefined>>;

export function escapeXml(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
    .replaceAll("'", '&#39;');
}

/** A length in pixels with no more digits than a screen or a printer can show. */
export function pixels(value: number): string {
  return String(Math.round(value * 100) / 100);
}

/** One element. Attributes are escaped, children are markup already. */
export function element(name: string, attributes: Attributes, ...children: readonly string[]): string {
  const written = Object.entries(attributes)
    .filter((pair): pair is [string, string | number] => pair[1] !== undefined)
    .map(([key, value]) => ` ${key}="${typeof value === 'number' ? pixels(value) : escapeXml(value)}"`)
    .join('');
  return children.length === 0 ? `<${name}${written}/>` : `<${name}${written}>${children.join('')}</${name}>`;
}

export function textAt(x: number, y: number, content: string, attributes: Attributes = {}): string {
  return element('text', { x, y, ...attributes }, escapeXml(content));
}

export type Place = readonly [number, number];

/** A line through places, as the `d` of a path. */
export function lineThrough(places: readonly Place[], closed = false): string {
  if (places.length === 0) return '';
  return `M${places.map(([x, y]) => `${pixels(x)} ${pixels(y)}`).join('L')}${closed ? 'Z' : ''}`;
}

/** About how wide a text is: nothing measures text on a server. A sans-serif's letters are half as wide as high. */
export function textWidth(text: string, size: number): number {
  return Array.from(text).reduce((sum, letter) => sum + (/[.,:;'|il !()[\]]/.test(letter) ? 0.3 : 0.56), 0) * size;
}

/** A text cut to a width. */
export function fitted(text: string, width: number, size: number): string {
  if (textWidth(text, size) <= width) return text;
  const letters = Array.from(text);
  while (letters.length > 1 && textWidth(`${letters.join('')}…`, size) > width) letters.pop();
  return `${letters.join('').trimEnd()}…`;
}
