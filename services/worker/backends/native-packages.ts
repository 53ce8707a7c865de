/** The npm packages of the native backends, by backend. */
export const nativePackages = {
  'tfjs-node': '@tensorflow/tfjs-node',
  'tfjs-node-gpu': '@tensorflow/tfjs-node-gpu',
} as const;

export type NativeBackend = keyof typeof nativePackages;
export type NativePackage = (typeof nativePackages)[NativeBackend];

export function isNativeBackend(text: string): text is NativeBackend {
  return Object.hasOwn(nativePackages, text);
}
