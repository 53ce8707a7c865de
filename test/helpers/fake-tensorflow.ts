import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

/** A folder with files that look like an installed TensorFlow, an installed tfjs-node and a compiler. */
export interface FakeInstallation {
  readonly root: string;
  /** A virtual environment. */
  readonly environment: string;
  /** The Python package in it. */
  readonly tensorflow: string;
  /** Folder of links. */
  readonly links: string;
  /** A file from which the npm packages are found. */
  readonly from: string;
  /** Writes a file below the root, with its folders. @returns its path */
  write(path: string, content: string): string;
  remove(path: string): void;
  /** Writes a program that stands for a compiler. @param script shell; `$out` is the file it should write */
  compiler(script: string): string;
  dispose(): void;
}

export function fakeInstallation(): FakeInstallation {
  const root = mkdtempSync(join(tmpdir(), 'sigmasweep-link-'));
  const write = (path: string, content: string): string => {
    const file = join(root, path);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, content);
    return file;
  };
  const packages = 'venv/lib/python3.12/site-packages';
  write(`${packages}/tensorflow/__init__.py`, '');
  write(`${packages}/tensorflow/python/platform/build_info.py`, "build_info = [('is_cuda_build', True)]");
  write(`${packages}/tensorflow/include/tensorflow/c/eager/c_api.h`, '');
  write(`${packages}/tensorflow/libtensorflow_cc.so.2`, '');
  write(`${packages}/tensorflow/libtensorflow_framework.so.2`, '');
  write(`${packages}/tensorflow-2.99.1.dist-info/METADATA`, '');
  write(`${packages}/nvidia/cudnn/lib/libcudnn.so.9`, '');
  for (const name of ['tfjs-node', 'tfjs-node-gpu']) {
    const folder = `node_modules/@tensorflow/${name}`;
    write(`${folder}/package.json`, JSON.stringify({ name: `@tensorflow/${name}`, version: '4.22.0' }));
    write(`${folder}/binding/tfjs_backend.cc`, '');
    write(`${folder}/binding/tfjs_binding.cc`, '');
  }
  write('node_modules/node-api-headers/package.json', '{}');
  write('node_modules/node-api-headers/include/node_api.h', '');
  return {
    root,
    environment: join(root, 'venv'),
    tensorflow: join(root, packages, 'tensorflow'),
    links: join(root, 'links'),
    from: join(root, 'program.js'),
    write,
    remove: (path) => rmSync(join(root, path), { recursive: true }),
    compiler: (script) => {
      const findOutput = 'while [ $# -gt 0 ]; do if [ "$1" = -o ]; then out=$2; fi; shift; done';
      const file = write('compiler', `#!/bin/sh\necho "$@" > ${join(root, 'arguments')}\n${findOutput}\n${script}\n`);
      chmodSync(file, 0o755);
      return file;
    },
    dispose: () => rmSync(root, { recursive: true }),
  };
}
