import { cpSync, existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

/** The folder of one attempt: its configuration and its checkpoints, which a later attempt on this machine begins with. */
export interface ProgramFolder {
  readonly configuration: string;
  readonly checkpoints: string;
  write(config: object): void;
  /** Removes what all attempts of the trial left; for one that has succeeded. */
  remove(): void;
}

/** @param root where the folders of all trials are */
export function makeProgramFolder(root: string, trialId: string, attempt: number): ProgramFolder {
  const ofTrial = resolve(root, trialId);
  const own = join(ofTrial, String(attempt));
  const configuration = join(own, 'config.json');
  const checkpoints = join(own, 'checkpoints');
  const before = attemptsIn(ofTrial).filter((number) => number < attempt);
  const last = before.findLast((number) => existsSync(join(ofTrial, String(number), 'checkpoints')));
  mkdirSync(own, { recursive: true });
  // Copied and not moved: a lost attempt may still be writing its own.
  if (last === undefined) mkdirSync(checkpoints, { recursive: true });
  else cpSync(join(ofTrial, String(last), 'checkpoints'), checkpoints, { recursive: true });
  for (const number of before) {
    if (number !== last) rmSync(join(ofTrial, String(number)), { recursive: true, force: true });
  }
  return {
    configuration,
    checkpoints,
    write: (config) => writeFileSync(configuration, `${JSON.stringify(config, null, 2)}\n`),
    remove: () => rmSync(ofTrial, { recursive: true, force: true }),
  };
}

function attemptsIn(folder: string): number[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .map(Number)
    .filter(Number.isInteger)
    .sort((a, b) => a - b);
}
