import { InvalidArgumentError, type Command } from 'commander';
import { backendRequests, type BackendRequest } from '../../shared/trial-config.js';

/** Options of the verbs that start services on this machine. */
export interface StackOptions {
  readonly workers: number;
  readonly slots: number;
  readonly backend: BackendRequest;
  readonly label?: readonly string[];
  readonly port?: number;
}

function wholeNumber(text: string): number {
  const value = Number(text);
  if (Number.isInteger(value) && value >= 0 && value <= 65_535) return value;
  throw new InvalidArgumentError('expected a whole number, 0 or more.');
}

function backendName(text: string): BackendRequest {
  const known = backendRequests.find((name) => name === text);
  if (known !== undefined) return known;
  throw new InvalidArgumentError(`known backends are ${backendRequests.join(', ')}.`);
}

/** Declares the options that `run` and `up` share. */
export function addStackOptions(command: Command): Command {
  return command
    .option('--workers <n>', 'worker processes on this machine', wholeNumber, 1)
    .option('--slots <n>', 'trials at once in each worker; 0 = as many as fit', wholeNumber, 0)
    .option('--backend <name>', `one of ${backendRequests.join(', ')}`, backendName, 'auto')
    .option('--label <label...>', 'labels of the workers, which sweeps may ask for')
    .option('--port <n>', 'port of the dashboard; 0 = any free one', wholeNumber);
}
