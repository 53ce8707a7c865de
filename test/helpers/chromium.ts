import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import { chromium, type Browser } from 'playwright-core';

const names = ['chromium', 'chromium-browser', 'google-chrome'] as const;
const usualPath = '/usr/bin/chromium';

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/**
 * Where Chromium is: CHROMIUM_PATH, a known name on PATH, or Debian's place.
 * @throws Error that says what was looked for and how to get it
 */
export function findChromium(environment: Readonly<Record<string, string | undefined>> = process.env): string {
  const chosen = environment['CHROMIUM_PATH'];
  if (chosen !== undefined && chosen !== '') {
    if (isExecutable(chosen)) return chosen;
    throw new Error(`CHROMIUM_PATH is ${chosen}, which is no program that can be run.`);
  }
  const folders = (environment['PATH'] ?? '').split(delimiter).filter((folder) => folder !== '');
  const candidates = [...folders.flatMap((folder) => names.map((name) => join(folder, name))), usualPath];
  const found = candidates.find(isExecutable);
  if (found !== undefined) return found;
  throw new Error(
    `Chromium was not found: looked for ${names.join(', ')} on PATH and for ${usualPath}. ` +
      'Install it (Debian: apt-get install chromium) or set CHROMIUM_PATH.',
  );
}

/** A headless browser that talks to nobody but the pages it is given. */
export function launchChromium(): Promise<Browser> {
  return chromium.launch({
    executablePath: findChromium(),
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
  });
}
