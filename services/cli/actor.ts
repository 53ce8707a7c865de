import { hostname, userInfo } from 'node:os';
import type { Actor } from '../shared/messages/commands.js';

/** The person at this terminal, for the log of actions. */
export function commandLineActor(): Actor {
  let user = 'unknown';
  try {
    user = userInfo().username;
  } catch {
    // An account without an entry in the system's list, as in a container with a number of its own.
  }
  return { via: 'cli', name: `${user}@${hostname()}`.slice(0, 200) };
}
