import { runProgram } from './run-program.js';

/** Major, minor and patch of a nats-server. */
export interface NatsVersion {
  readonly major: number;
  readonly minor: number;
  readonly patch: number;
}

/** The first version with everything that the streams and consumers of this project use. */
export const oldestNatsVersion: NatsVersion = { major: 2, minor: 9, patch: 0 };

/** Finds a version in what nats-server says of itself: `nats-server: v2.12.15`, `2.9.10`. */
export function parseNatsVersion(text: string): NatsVersion | undefined {
  const match = /(?:^|[^\d.])v?(\d+)\.(\d+)\.(\d+)/.exec(text);
  if (match === null) return undefined;
  return { major: Number(match[1]), minor: Number(match[2]), patch: Number(match[3]) };
}

/** 2.12.15 without the v. */
export function formatNatsVersion({ major, minor, patch }: NatsVersion): string {
  return `${major}.${minor}.${patch}`;
}

/** Negative when the first one is older. */
export function compareNatsVersions(a: NatsVersion, b: NatsVersion): number {
  return a.major - b.major || a.minor - b.minor || a.patch - b.patch;
}

/**
 * Runs a program to learn its version.
 * @throws Error that says what is wrong with it: it cannot be run here, it is none, or it is too old
 */
export async function usableNatsVersion(program: string): Promise<NatsVersion> {
  const { stdout } = await runProgram(program, ['--version'], { timeoutMs: 10_000 });
  const version = parseNatsVersion(stdout);
  if (version === undefined) throw new Error(`${program} does not say its version`);
  if (compareNatsVersions(version, oldestNatsVersion) < 0) {
    throw new Error(
      `${program} is version ${formatNatsVersion(version)}, and ${formatNatsVersion(oldestNatsVersion)} or newer is needed`,
    );
  }
  return version;
}
