import { protocolVersion } from './messages/common.js';

const prefix = `sigmasweep.v${String(protocolVersion)}`;

/** Streams, consumers and subjects: the one place where their names are. Only ids, never names, become tokens. */
export const streams = {
  trials: { name: 'SIGMASWEEP_TRIALS', subjects: [`${prefix}.trials.*`], consumer: 'workers' },
  reports: { name: 'SIGMASWEEP_REPORTS', subjects: [`${prefix}.reports.*`], consumer: 'recorder' },
} as const;

/** The object store of checkpoints. */
export const checkpointBucket = `SIGMASWEEP_CHECKPOINTS`;

export const subjects = {
  /** Without a version: here different ones tell each other so. */
  greeting: 'sigmasweep.greeting',
  trial: (sweepId: string) => `${prefix}.trials.${sweepId}`,
  report: (trialId: string) => `${prefix}.reports.${trialId}`,
  presence: `${prefix}.presence`,
  control: (workerId: string) => `${prefix}.control.${workerId}`,
  changed: (sweepId: string) => `${prefix}.changed.${sweepId}`,
  anyChange: `${prefix}.changed.*`,
  command: (command: string) => `${prefix}.api.${command}`,
} as const;
