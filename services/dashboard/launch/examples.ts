import { readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { packageRoot } from '../../shared/version.js';

/** A spec that comes with the software. */
export interface Example {
  /** Of its file, without the ending. */
  readonly name: string;
  /** The first sentence of the comment at its top. */
  readonly about: string;
  readonly text: string;
}

/** Reads the specs of a folder; they are few and small, so they stay in memory. */
export function readExamples(folder: string = join(packageRoot, 'examples')): readonly Example[] {
  let files: string[] = [];
  try {
    files = readdirSync(folder).filter((file) => file.endsWith('.yaml'));
  } catch {
    // An installation without examples: one starts from a past sweep or from nothing.
  }
  return files.sort().map((file) => {
    const text = readFileSync(join(folder, file), 'utf8');
    return { name: basename(file, '.yaml'), about: firstSentence(text), text: withoutEditorLines(text) };
  });
}

function firstSentence(text: string): string {
  const comment = text
    .split('\n')
    .slice(
      0,
      text.split('\n').findIndex((line) => !/^# \S/.test(line)),
    )
    .map((line) => line.slice(2))
    .join(' ');
  return /^.*?[.:](?= |$)/.exec(comment)?.[0].replace(/:$/, '.') ?? comment;
}

/** How to run the file from a shell, and where an editor finds its schema, say nothing in a browser. */
function withoutEditorLines(text: string): string {
  const lines = text.split('\n').filter((line) => !/^# yaml-language-server|^# {3}sigmasweep run/.test(line));
  return lines.filter((line, index) => line !== '#' || /^# \S/.test(lines[index + 1] ?? '')).join('\n');
}
