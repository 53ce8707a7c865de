import { protocolVersion } from './messages/common.js';
import { softwareVersion } from './version.js';

/** What a part of sigmasweep says of itself before anything else, in a form that never changes. */
export interface Versions {
  /** Version of the package: major.minor.patch. */
  readonly software: string;
  /** Version of the messages; see messages/common.ts. */
  readonly protocol: number;
}

export const ownVersions: Versions = { software: softwareVersion, protocol: protocolVersion };

const release = (version: string): string => version.split('.').slice(0, 2).join('.');

/**
 * Whether two parts may work on the same sweep: the same messages and the same minor version. Between minor versions a
 * trial may give other numbers, and rows of one table would not be comparable.
 */
export function versionsFit(one: Versions, other: Versions): boolean {
  return one.protocol === other.protocol && release(one.software) === release(other.software);
}
