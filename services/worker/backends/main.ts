/**
 * Says which backend this machine would train on, for programs that don't load TensorFlow.js themselves:
 * `node dist/services/worker/backends/main.js --backend auto` prints one line of JSON, a BackendReport, and ends with 0 when
 * a backend can be used and with 1 when none can.
 */
import { parseArgs } from 'node:util';
import { errorRecord, type ErrorRecord } from '../../shared/errors.js';
import type { BackendName } from './candidate.js';
import { openBackend, parseBackendRequest, type OpenBackend, type PassedOver } from './choose.js';
import { installCommand, type InstallCommand } from './install.js';
import { backendLadder } from './registry.js';

export interface BackendReport {
  readonly chosen: Omit<OpenBackend, 'passedOver' | 'failure'> | undefined;
  readonly passedOver: readonly PassedOver[];
  readonly error: Omit<ErrorRecord, 'stack'> | undefined;
  /** How to install the native library of the backends that have one. */
  readonly install: Readonly<Partial<Record<BackendName, InstallCommand>>>;
}

async function report(requested: string): Promise<BackendReport> {
  const install = Object.fromEntries(
    backendLadder.flatMap(({ name }) => {
      const command = installCommand(name);
      return command === undefined ? [] : [[name, command]];
    }),
  );
  try {
    const { backend, reason, passedOver, device, driver, memoryBytes, threads, tensorflowVersion } = await openBackend(
      parseBackendRequest(requested),
    );
    const chosen = { backend, reason, device, driver, memoryBytes, threads, tensorflowVersion };
    return { chosen, passedOver, error: undefined, install };
  } catch (error) {
    const { code, message, hint } = errorRecord(error);
    return { chosen: undefined, passedOver: [], error: { code, message, hint }, install };
  }
}

const { values } = parseArgs({ options: { backend: { type: 'string', default: 'auto' } } });
const answer = await report(values.backend);
process.stdout.write(`${JSON.stringify(answer)}\n`);
process.exitCode = answer.chosen === undefined ? 1 : 0;
