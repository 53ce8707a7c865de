import { callCommand, signCommands } from '../shared/nats/command-client.js';
import { actorOf, currentIdentity } from './access/identity.js';
import type { SweepCommands } from './dependencies.js';

/**
 * The coordinator's commands over NATS, each signed with who sent the request that it comes from.
 * @param failed told when a login could not be written down: nobody waits for that
 */
export function commandsOver(
  nats: Parameters<typeof callCommand>[0],
  failed: (event: string, error: unknown) => void,
): SweepCommands {
  signCommands(nats, () => {
    const identity = currentIdentity();
    return identity === undefined ? undefined : actorOf(identity);
  });
  return {
    noteAccess: (event, by) => {
      callCommand(nats, 'access', { event }, undefined, actorOf(by)).catch((error: unknown) => failed(event, error));
    },
    annotate: (change) => callCommand(nats, 'annotate', change),
    archive: (change) => callCommand(nats, 'archive', change),
    delete: async (target) => (await callCommand(nats, 'delete', target)).trials,
    submit: (given) => callCommand(nats, 'submit', given),
    cancel: async (target) => (await callCommand(nats, 'cancel', target)).cancelled,
    pause: (target) => callCommand(nats, 'pause', target),
    resume: (target) => callCommand(nats, 'resume', target),
    schedule: (change) => callCommand(nats, 'schedule', change),
    retry: async (target) => (await callCommand(nats, 'retry', target)).queued,
  };
}
