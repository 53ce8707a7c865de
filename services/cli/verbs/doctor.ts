import { checkBackend } from '../doctor/check-backend.js';
import { checkDatabase } from '../doctor/check-database.js';
import { checkNode, checkStateFolder } from '../doctor/check-machine.js';
import { checkNatsServer } from '../doctor/check-nats-server.js';
import { checkStack } from '../doctor/check-stack.js';
import { renderFindings, type Finding } from '../doctor/finding.js';
import { natsPlaces } from '../stack/start-servers.js';
import { runningStack } from '../stack/stack.js';
import { stateFolder } from '../stack/state-folder.js';
import type { Terminal, Verb } from './verb.js';

/** Everything that is looked at, in the order of the answer; all at the same time, as some of it takes seconds. */
async function examine({ config, environment }: Terminal): Promise<Finding[]> {
  const state = stateFolder(config.SIGMASWEEP_STATE);
  const running = await runningStack(config);
  const { DATABASE_URL: databaseUrl, NATS_URL: natsUrl } = config;
  const findings = await Promise.all([
    checkDatabase(databaseUrl ?? running?.databaseUrl, databaseUrl !== undefined),
    checkNatsServer(natsUrl ?? running?.natsUrl, natsUrl !== undefined, natsPlaces(config, state), config),
    checkBackend(environment),
    checkStack(state, config),
  ]);
  return [checkNode(), checkStateFolder(state), ...findings.flat()];
}

/** `sigmasweep doctor`: what was found on this machine, what is missing, what to do. Exit code 1 when something is. */
export const doctor: Verb = {
  register(program, terminal) {
    program
      .command('doctor')
      .description('what was found on this machine, what is missing, what to do; prints the password in NATS_URL')
      .option('--json', 'for programs')
      .action(async (options: { json?: true }) => {
        terminal.status('looking around; trying the training backends takes a moment …');
        const findings = await examine(terminal);
        const complete = findings.every(({ state }) => state !== 'missing');
        if (options.json === true) terminal.print(JSON.stringify({ complete, findings }, undefined, 2));
        else for (const line of renderFindings(findings, terminal.colour)) terminal.print(line);
        if (!complete) process.exitCode = 1;
      });
  },
};
