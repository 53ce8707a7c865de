/**
 * Any text as one harmless line: runs of white space, line breaks and control characters (escape sequences begin with
 * one) become a space; marks that turn the writing direction around, and invisible ones, go.
 */
export function oneLine(text: string): string {
  return text
    .replace(/\p{Surrogate}/gu, '\uFFFD')
    .replace(/[\u200B\u200E\u200F\u202A-\u202E\u2060-\u2069\uFEFF]/gu, '')
    .replace(/[\s\p{Cc}\p{Zl}\p{Zp}]+/gu, ' ')
    .trim();
}

const graphemes = new Intl.Segmenter(undefined, { granularity: 'grapheme' });
const wide =
  /\p{Script=Han}|\p{Script=Hiragana}|\p{Script=Katakana}|\p{Script=Hangul}|\p{Emoji_Presentation}|[\uFF01-\uFF60]/u;

/** Columns that a line takes in a terminal. */
export function displayWidth(line: string): number {
  let width = 0;
  for (const { segment } of graphemes.segment(line)) width += wide.test(segment) ? 2 : 1;
  return width;
}
