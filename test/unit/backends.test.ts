import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import { afterEach, describe, expect, it } from 'vitest';
import { SigmasweepError } from '../../services/shared/errors.js';
import { BackendUnusable, type BackendCandidate, type BackendName } from '../../services/worker/backends/candidate.js';
import { openBackend, parseBackendRequest } from '../../services/worker/backends/choose.js';
import { installCommand } from '../../services/worker/backends/install.js';
import { asUnusable, probeNativePackage, requireUsable } from '../../services/worker/backends/native.js';
import {
  findNativeLibrary,
  installHint,
  loadNativePackage,
  restoreRemovedNodeFunctions,
} from '../../services/worker/backends/native-package.js';

function candidate(name: BackendName, open: BackendCandidate['open'], automatic = true): BackendCandidate {
  return { name, automatic, description: `the ${name} of a test`, open };
}

const usable = {
  device: 'a device',
  driver: undefined,
  memoryBytes: 2 ** 30,
  threads: 1,
  failure: undefined,
  tensorflowVersion: '1.2.3',
};
const unusable = (why: string) => () => Promise.reject(new BackendUnusable(why, `mend ${why}`));

async function errorOf(promise: Promise<unknown>): Promise<SigmasweepError> {
  const error: unknown = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(SigmasweepError);
  return error as SigmasweepError;
}

describe('choosing a backend', () => {
  it('takes the first automatic one that opens and says why the others were passed over', async () => {
    const opened: string[] = [];
    const open = (name: string) => () => {
      opened.push(name);
      return Promise.resolve(usable);
    };
    const chosen = await openBackend('auto', [
      candidate('cpu', open('cpu'), false),
      candidate('tfjs-node-gpu', unusable('no GPU')),
      candidate('tfjs-node', () => Promise.reject(new Error('something unforeseen'))),
      candidate('wasm', open('wasm')),
    ]);
    expect(opened).toEqual(['wasm']);
    expect(chosen).toMatchObject({ ...usable, backend: 'wasm' });
    expect(chosen.passedOver).toMatchObject([
      { backend: 'tfjs-node-gpu', why: 'no GPU', hint: 'mend no GPU' },
      { backend: 'tfjs-node', why: 'something unforeseen' },
    ]);
    expect(chosen.reason).toContain('tfjs-node-gpu (no GPU)');
    expect(chosen.reason.length).toBeLessThan(2000);
  });

  it('opens only the one asked for by name, and does not fall back', async () => {
    const ladder = [candidate('tfjs-node', unusable('no library')), candidate('wasm', () => Promise.resolve(usable))];
    const error = await errorOf(openBackend('tfjs-node', ladder));
    expect(error).toMatchObject({ code: 'BACKEND_UNUSABLE', hint: 'mend no library' });
    expect(error.message).toContain('tfjs-node (no library)');
    await expect(openBackend('wasm', ladder)).resolves.toMatchObject({ backend: 'wasm', passedOver: [] });
  });

  it('refuses an unknown name with the nearest known one', () => {
    expect(parseBackendRequest('tfjs-node')).toBe('tfjs-node');
    for (const [typed, nearest] of [
      ['wsam', 'wasm'],
      ['tfjs_node_gpu', 'tfjs-node-gpu'],
      ['Auto', 'auto'],
    ] as const) {
      expect(() => parseBackendRequest(typed)).toThrow(
        expect.objectContaining({ code: 'BACKEND_UNKNOWN', hint: `Did you mean ${nearest}?` }),
      );
    }
  });
});

describe('the backends of this machine', () => {
  it('computes on what auto chose, with every better one accounted for', async () => {
    const chosen = await openBackend('auto');
    const order: BackendName[] = ['tfjs-node-gpu', 'tfjs-node', 'webgpu', 'wasm'];
    expect(chosen.passedOver.map(({ backend }) => backend)).toEqual(order.slice(0, order.indexOf(chosen.backend)));
    for (const { why, hint } of chosen.passedOver) expect([why, hint]).not.toContain('');
    const sum = tf.sum(tf.tensor1d([1, 2, 3]));
    expect(await sum.data()).toEqual(Float32Array.of(6));
    sum.dispose();
  });

  it('opens wasm with every kernel that training needs, as often as asked', async () => {
    await openBackend('wasm');
    await expect(openBackend('wasm')).resolves.toMatchObject({ backend: 'wasm', threads: 1, passedOver: [] });
    expect(tf.getBackend()).toBe('wasm');
    for (const name of ['Conv2DBackpropFilter', 'Conv2DBackpropInput', 'UnsortedSegmentSum']) {
      expect(tf.getKernel(name, 'wasm'), name).toBeDefined();
    }
  });
});

describe('native packages', () => {
  const folders: string[] = [];
  afterEach(() => {
    for (const folder of folders.splice(0)) rmSync(folder, { recursive: true });
  });

  /** A package as `npm install` leaves it, with or without the library its install script would have fetched. */
  function install(withLibrary: boolean): { from: string; library: string; links: string } {
    const root = mkdtempSync(join(tmpdir(), 'sigmasweep-backend-'));
    folders.push(root);
    const folder = join(root, 'node_modules', '@tensorflow', 'tfjs-node');
    const finder = join(root, 'node_modules', '@mapbox', 'node-pre-gyp');
    const library = join(folder, 'lib', 'tfjs_binding.node');
    mkdirSync(dirname(library), { recursive: true });
    mkdirSync(finder, { recursive: true });
    writeFileSync(join(folder, 'package.json'), '{"name":"@tensorflow/tfjs-node"}');
    writeFileSync(join(finder, 'index.js'), `exports.find = () => ${JSON.stringify(library)};`);
    if (withLibrary) writeFileSync(library, '');
    return { from: join(root, 'program.js'), library, links: join(root, 'links') };
  }

  it('are found with their library, and told apart from those without one and those not there', () => {
    const whole = install(true);
    expect(findNativeLibrary('@tensorflow/tfjs-node', whole.from, whole.links)).toBe(whole.library);
    const bare = install(false);
    expect(() => findNativeLibrary('@tensorflow/tfjs-node', bare.from, bare.links)).toThrow(
      expect.objectContaining({
        why: 'the native library is not installed',
        hint: installHint,
      }),
    );
    expect(() => findNativeLibrary('@tensorflow/tfjs-node-gpu', whole.from, whole.links)).toThrow(
      expect.objectContaining({ why: 'the package @tensorflow/tfjs-node-gpu is not installed' }),
    );
  });

  it('leave nothing registered, and their own error, when they fail half-way', async () => {
    const { from, library } = install(true);
    writeFileSync(
      join(dirname(from), 'node_modules', '@tensorflow', 'tfjs-node', 'index.js'),
      `const tf = require(${JSON.stringify(createRequire(import.meta.url).resolve('@tensorflow/tfjs-core'))});
       tf.registerKernel({ kernelName: 'Abs', backendName: 'tensorflow', kernelFunc: () => undefined });
       throw new Error('libtensorflow.so.2: cannot open shared object file');`,
    );
    await expect(loadNativePackage('@tensorflow/tfjs-node', library, from)).rejects.toThrow(
      'libtensorflow.so.2: cannot open',
    );
    expect(tf.getKernelsForBackend('tensorflow')).toEqual([]);
  });

  it('passes over a GPU build that found no GPU: it would silently compute on the CPU', () => {
    const facts = { version: '2.9.1', usesGpu: false };
    expect(() => requireUsable('@tensorflow/tfjs-node-gpu', facts)).toThrow(/2\.9\.1 was loaded but found no GPU/);
    expect(() => requireUsable('@tensorflow/tfjs-node-gpu', { ...facts, usesGpu: true })).not.toThrow();
    expect(() => requireUsable('@tensorflow/tfjs-node', facts)).not.toThrow();
  });

  describe('whose library computes wrong by itself', () => {
    const right = JSON.stringify({ version: '2.21.0', usesGpu: false });
    const wrong = JSON.stringify({ wrong: 'a convolution came out as 1 instead of 2' });
    const probeOf = (answers: readonly string[]) => {
      const asked: object[] = [];
      const found = probeNativePackage('@tensorflow/tfjs-node', 'library', (_target, _library, settings = {}) => {
        asked.push(settings);
        return Promise.resolve(answers[asked.length - 1] ?? '');
      });
      return { asked, found };
    };

    it('are used with the setting under which it computes right', async () => {
      const { asked, found } = probeOf([wrong, right]);
      expect(await found).toEqual({ version: '2.21.0', usesGpu: false, settings: { ONEDNN_MAX_CPU_ISA: 'AVX2' } });
      expect(asked).toEqual([{}, { ONEDNN_MAX_CPU_ISA: 'AVX2' }]);
    });

    it('are tried once when it computes right', async () => {
      const { asked, found } = probeOf([right]);
      expect(await found).toMatchObject({ settings: {} });
      expect(asked).toEqual([{}]);
    });

    it('are refused with what came out when nothing helps, or when the setting is somebody’s own', async () => {
      await expect(probeOf([wrong, wrong]).found).rejects.toMatchObject({
        why: 'the native library computes wrong: a convolution came out as 1 instead of 2',
      });
      process.env['ONEDNN_MAX_CPU_ISA'] = 'AVX512_CORE';
      try {
        const { asked, found } = probeOf([wrong, right]);
        await expect(found).rejects.toThrow(BackendUnusable);
        expect(asked).toEqual([{}]);
      } finally {
        delete process.env['ONEDNN_MAX_CPU_ISA'];
      }
    });
  });

  it("passes on the loader's own words", () => {
    const error = new Error('libcudart.so.11.0: cannot open shared object file\n  at Module.load');
    expect(asUnusable(error).why).toBe(
      'the native library could not be loaded: libcudart.so.11.0: cannot open shared object file',
    );
  });

  it('get back the functions that Node 23 removed, without touching those still there', () => {
    const kept = (): boolean => false;
    const util: Record<string, unknown> = { isArray: kept };
    restoreRemovedNodeFunctions(util);
    const isNullOrUndefined = util.isNullOrUndefined as (value: unknown) => boolean;
    expect([null, undefined, 0, ''].map(isNullOrUndefined)).toEqual([true, true, false, false]);
    expect(util.isArray).toBe(kept);
  });

  it('are installed by running the script that .npmrc keeps from running', () => {
    expect(installCommand('tfjs-node')).toEqual({
      command: 'npm',
      arguments: ['rebuild', '--ignore-scripts=false', '@tensorflow/tfjs-node'],
    });
    expect(installCommand('wasm')).toBeUndefined();
  });
});
