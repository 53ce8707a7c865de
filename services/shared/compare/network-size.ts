import type { Spread } from './statistics.js';

/** What a setting's network costs, over the finished seeds; it can depend on the seed where training changes the network. */
export interface NetworkSize {
  readonly parameters: Spread | undefined;
  /** Of the forward pass of one image. */
  readonly multiplyAdds: Spread | undefined;
}

/** A size as a table shows it. */
export interface SizeInfo {
  readonly name: keyof NetworkSize;
  readonly label: string;
  readonly unit: string;
  readonly scale: number;
}

export const sizes: readonly SizeInfo[] = [
  { name: 'parameters', label: 'Parameters', unit: '10³', scale: 1e-3 },
  { name: 'multiplyAdds', label: 'Multiply-adds', unit: '10⁶', scale: 1e-6 },
];
