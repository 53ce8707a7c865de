import { InvalidArgumentError } from 'commander';
import { callCommand } from '../../shared/nats/command-client.js';
import { withCoordinator } from '../connection.js';
import { commandTarget } from './cancel.js';
import type { Verb } from './verb.js';

function number(text: string): number {
  const value = Number(text);
  if (text.trim() !== '' && Number.isFinite(value)) return value;
  throw new InvalidArgumentError('expected a number.');
}

function numberOrNone(text: string): number | null {
  return text === 'none' ? null : number(text);
}

interface Options {
  readonly share?: number;
  readonly maxRunning?: number | null;
  readonly budgetTrials?: number | null;
  readonly budgetHours?: number | null;
}

/** `sigmasweep priority SWEEP|TRIAL NUMBER`: the higher is started first. */
export const priority: Verb = {
  register(program, terminal) {
    program
      .command('priority')
      .description('start a sweep or a trial before others; the number of a trial is added to that of its sweep')
      .argument('<id>', 'id of a sweep or a trial, or `latest`')
      .argument('<number>', 'from -1000 to 1000; the higher is started first (a negative one comes after `--`)', number)
      .action(async (given: string, value: number) => {
        await withCoordinator(terminal.config, async (connection, resolveSweep) => {
          const target = await commandTarget(given, resolveSweep);
          await callCommand(connection, 'schedule', { ...target, priority: value });
          terminal.print(`its priority is ${String(value)}`);
        });
      });
  },
};

/** `sigmasweep schedule SWEEP`: changes its share, limit and budget. */
export const schedule: Verb = {
  register(program, terminal) {
    program
      .command('schedule')
      .description('change share, limit and budget of a sweep that is there')
      .argument('<sweep>', 'id of the sweep, or `latest`')
      .option('--share <number>', 'its part of the workers, beside sweeps of equal priority', number)
      .option('--max-running <n>', 'trials at once, or `none`', numberOrNone)
      .option('--budget-trials <n>', 'trials that may be started, or `none`', numberOrNone)
      .option('--budget-hours <n>', 'device hours that may be used, or `none`', numberOrNone)
      .action(async (sweep: string, options: Options) => {
        await withCoordinator(terminal.config, async (connection, resolveSweep) => {
          await callCommand(connection, 'schedule', { sweepId: await resolveSweep(sweep), ...options });
          terminal.print('changed');
        });
      });
  },
};
