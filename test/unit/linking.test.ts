import { chmodSync, existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { BackendUnusable } from '../../services/worker/backends/candidate.js';
import { explainLoadFailure, missingIn } from '../../services/worker/backends/linking/explain-load-failure.js';
import { linkTensorflow, type LinkOptions } from '../../services/worker/backends/linking/link.js';
import { peekLink, readLink, removeLink, type Link } from '../../services/worker/backends/linking/linked-library.js';
import { findTensorflow } from '../../services/worker/backends/linking/tensorflow-installation.js';
import { findNativeLibrary } from '../../services/worker/backends/native-package.js';
import { fakeInstallation, type FakeInstallation } from '../helpers/fake-tensorflow.js';

const cpu = '@tensorflow/tfjs-node';
const works = () => Promise.resolve({ usesGpu: false, version: '2.99.1' });
const fails = (why: string) => () => Promise.reject(new BackendUnusable(why, ''));

let fake: FakeInstallation;
beforeEach(() => {
  fake = fakeInstallation();
});
afterEach(() => fake.dispose());

function link(options: Partial<LinkOptions> = {}): Promise<Link> {
  return linkTensorflow({
    path: fake.environment,
    packageName: cpu,
    links: fake.links,
    from: fake.from,
    compiler: options.compiler ?? fake.compiler('echo library > "$out"'),
    probe: works,
    ...options,
  });
}

describe.runIf(process.platform === 'linux')('linking a TensorFlow', () => {
  it('finds it by its folder, the folder around it, a virtual environment and a python', () => {
    const python = fake.write('python', `#!/bin/sh\necho ${fake.tensorflow}\n`);
    chmodSync(python, 0o755);
    for (const path of [fake.tensorflow, join(fake.tensorflow, '..'), fake.environment, python]) {
      expect(findTensorflow(path)).toMatchObject({ folder: fake.tensorflow, version: '2.99.1', cuda: true });
    }
  });

  it('compiles against its headers and libraries, keeps the result, and lets workers find it', async () => {
    const made = await link();
    expect(readFileSync(made.library, 'utf8')).toBe('library\n');
    expect(made).toMatchObject({ packageName: cpu, tensorflow: fake.tensorflow, version: '2.99.1' });
    const args = readFileSync(join(fake.root, 'arguments'), 'utf8');
    expect(args).toContain(`-I${join(fake.tensorflow, 'include')} `);
    for (const folder of [fake.tensorflow, join(fake.tensorflow, '..', 'nvidia', 'cudnn', 'lib')]) {
      expect(args).toContain(`-Xlinker -rpath -Xlinker ${folder}`);
    }
    expect(findNativeLibrary(cpu, fake.from, fake.links)).toBe(made.library);
    expect(removeLink(fake.links, cpu)).toEqual(made);
    expect(peekLink(fake.links, cpu)).toBeUndefined();
  });

  const errors: { what: string; code: string; says: RegExp; prepare: () => Partial<LinkOptions> }[] = [
    {
      what: 'a folder that does not exist',
      code: 'TENSORFLOW_NOT_FOUND',
      says: /nowhere does not exist/,
      prepare: () => ({ path: join(fake.root, 'nowhere') }),
    },
    {
      what: 'a folder without TensorFlow',
      code: 'TENSORFLOW_NOT_FOUND',
      says: /holds no Python package tensorflow/,
      prepare: () => ({ path: fake.write('empty/file', '').replace('/file', '') }),
    },
    {
      what: 'a file that is no python',
      code: 'TENSORFLOW_NOT_FOUND',
      says: /holds no Python package/,
      prepare: () => ({ path: fake.write('text', 'hello') }),
    },
    {
      what: 'headers that are missing',
      code: 'TENSORFLOW_HEADERS_MISSING',
      says: /TensorFlow 2\.99\.1 .* has no header .*c_api\.h/,
      prepare: () => {
        fake.remove('venv/lib/python3.12/site-packages/tensorflow/include');
        return {};
      },
    },
    {
      what: 'a library that is missing',
      code: 'TENSORFLOW_LIBRARY_MISSING',
      says: /lacks libtensorflow_cc\.so\.2\./,
      prepare: () => {
        fake.remove('venv/lib/python3.12/site-packages/tensorflow/libtensorflow_cc.so.2');
        return {};
      },
    },
    {
      what: 'an npm package that is not installed',
      code: 'NATIVE_PACKAGE_MISSING',
      says: /@tensorflow\/tfjs-node is not installed/,
      prepare: () => {
        fake.remove('node_modules/@tensorflow/tfjs-node');
        return {};
      },
    },
    {
      what: 'sources that are missing',
      code: 'BINDING_SOURCES_MISSING',
      says: /tfjs_backend\.cc: no such file/,
      prepare: () => {
        fake.remove('node_modules/@tensorflow/tfjs-node/binding/tfjs_backend.cc');
        return {};
      },
    },
    {
      what: "Node's headers that are missing",
      code: 'NODE_HEADERS_MISSING',
      says: /node-api-headers/,
      prepare: () => {
        fake.remove('node_modules/node-api-headers');
        return {};
      },
    },
    {
      what: 'a compiler that is missing',
      code: 'COMPILER_NOT_FOUND',
      says: /There is no C\+\+ compiler: .*no-such-compiler/,
      prepare: () => ({ compiler: join(fake.root, 'no-such-compiler') }),
    },
    {
      what: 'a compiler that fails',
      code: 'COMPILE_FAILED',
      says: /could not compile[^]*line 20[^]*line 30$/,
      prepare: () => ({ compiler: fake.compiler('for i in $(seq 30); do echo "line $i" >&2; done; exit 1') }),
    },
    {
      what: 'a library that cannot be loaded',
      code: 'LINK_UNUSABLE',
      says: /cannot be used: .*GLIBC_2\.99' not found/,
      prepare: () => ({ probe: fails("libc.so.6: version `GLIBC_2.99' not found") }),
    },
    {
      what: 'a GPU package that finds no GPU',
      code: 'LINK_UNUSABLE',
      says: /found no GPU it can use/,
      prepare: () => ({ packageName: '@tensorflow/tfjs-node-gpu' }),
    },
  ];
  it.each(errors)(
    'says what is wrong with $what, and leaves the link that was there',
    async ({ code, says, prepare }) => {
      const before = await link();
      const options = prepare();
      const error: unknown = await link(options).then(
        () => undefined,
        (reason: unknown) => reason,
      );
      expect(error).toMatchObject({ code });
      const { message, hint } = error as { message: string; hint?: string };
      expect(message).toMatch(says);
      expect(hint?.length).toBeGreaterThan(10);
      expect(readFileSync(before.library, 'utf8')).toBe('library\n');
      expect(readdirSync(fake.links)).toEqual(['tfjs-node']);
    },
  );

  it.each([
    ["lib.so: version `GLIBC_2.99' not found", /newer system/],
    ['undefined symbol: TFE_NewContext', /do not belong together/],
    ['it ended its process with SIGILL', /AVX/],
  ])('explains "%s"', async (why, hint) => {
    expect(await explainLoadFailure(why, join(fake.root, 'none'))).toMatchObject({
      message: why,
      hint: expect.stringMatching(hint) as string,
    });
  });

  it("names the libraries that the system's loader does not find", () => {
    const listing =
      '\tlibcudart.so.12 => not found\n\tlibc.so.6 => /lib/libc.so.6 (0x1)\n\tlibcudart.so.12 => not found\n';
    expect(missingIn(listing)).toEqual(['libcudart.so.12']);
  });

  it('is passed over, with what to do, when what it was linked to or made for has gone', async () => {
    const made = await link();
    expect(() => readLink(fake.links, cpu, '4.23.0')).toThrow(/made for .* 4\.22\.0, installed is 4\.23\.0/);
    fake.remove('venv');
    expect(() => findNativeLibrary(cpu, fake.from, fake.links)).toThrow(
      expect.objectContaining({ why: expect.stringContaining('is gone') as string }),
    );
    fake.write('links/tfjs-node/link.json', '{');
    expect(() => peekLink(fake.links, cpu)).toThrow(/cannot be read/);
    expect(removeLink(fake.links, cpu)).toBeDefined();
    expect(existsSync(made.library)).toBe(false);
  });
});
