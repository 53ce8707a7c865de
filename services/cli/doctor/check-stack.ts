import { callCommand } from '../../shared/nats/command-client.js';
import { connectNats } from '../../shared/nats/connect.js';
import type { NatsFiles } from '../../shared/nats/credentials.js';
import { readRunRecord } from '../stack/run-record.js';
import type { StateFolder } from '../stack/state-folder.js';
import { findingOfError, type Finding } from './finding.js';

const topic = 'stack';

/** What runs for the state folder, and whether its coordinator answers. */
export async function checkStack(state: StateFolder, files: NatsFiles): Promise<Finding[]> {
  const running = readRunRecord(state);
  if (running === undefined) return [{ topic, state: 'ok', found: 'nothing runs; `sigmasweep run` or `up` starts it' }];
  const { record, gone } = running;
  const findings: Finding[] = [
    {
      topic,
      state: 'ok',
      found: `runs: ${record.processes.map(({ name, pid }) => `${name} (${pid})`).join(', ')}`,
    },
    ...gone.map((name): Finding => {
      const log = `${state.logs}/${name}.log`;
      return { topic, state: 'note', found: `${name} has ended, see ${log}`, hint: '`sigmasweep up` starts it again.' };
    }),
  ];
  try {
    const connection = await connectNats(record.natsUrl, 'sigmasweep doctor', files);
    try {
      const { sweeps } = await callCommand(connection, 'list', { limit: 500 }, 5000);
      findings.push({ topic, state: 'ok', found: `the coordinator answers and knows ${sweeps.length} sweeps` });
    } finally {
      await connection.close();
    }
  } catch (error) {
    findings.push(findingOfError(topic, error, 'note'));
  }
  if (record.dashboardUrl !== undefined) {
    findings.push({ topic: 'dashboard', state: 'ok', found: record.dashboardUrl });
  }
  findings.push({
    topic: 'NATS_URL',
    state: 'ok',
    found: record.natsUrl,
    hint: 'For workers that are started by hand. It holds the password: keep it to yourself.',
  });
  return findings;
}
