import { availableParallelism } from 'node:os';
import * as tf from '@tensorflow/tfjs-core';
import { SigmasweepError } from '../../shared/errors.js';
import { nearest } from '../../shared/nearest.js';
import { backendRequests, type BackendRequest } from '../../shared/trial-config.js';
import { BackendUnusable, type BackendCandidate, type BackendName, type UsableBackend } from './candidate.js';
import { backendLadder } from './registry.js';

/** A backend that stood before the chosen one and cannot be used here. */
export interface PassedOver {
  readonly backend: BackendName;
  readonly why: string;
  readonly hint: string;
}

/** The backend that TensorFlow.js now computes on. */
export interface OpenBackend extends UsableBackend {
  readonly backend: BackendName;
  /** Why this one, and why the better ones were passed over; one line. */
  readonly reason: string;
  readonly passedOver: readonly PassedOver[];
}

/**
 * Opens a TensorFlow.js backend for the whole process.
 * @param requested `auto` for the first of the ladder that computes, or a name
 * @param ladder candidates, best first
 * @param threads see BackendCandidate.open
 * @throws SigmasweepError BACKEND_UNUSABLE when the named one, or none at all, can be used; its hint says what would help
 */
export async function openBackend(
  requested: BackendRequest,
  ladder: readonly BackendCandidate[] = backendLadder,
  threads = availableParallelism(),
): Promise<OpenBackend> {
  // Without it TensorFlow.js advertises tfjs-node on the first computation, in every trainer's log.
  tf.enableProdMode();
  const candidates = ladder.filter(({ name, automatic }) => (requested === 'auto' ? automatic : name === requested));
  const passedOver: PassedOver[] = [];
  for (const candidate of candidates) {
    const outcome = await tryToOpen(candidate, threads);
    if ('why' in outcome) passedOver.push(outcome);
    else
      return { ...outcome, backend: candidate.name, reason: reasonFor(candidate, requested, passedOver), passedOver };
  }
  throw new SigmasweepError('BACKEND_UNUSABLE', `No backend can be used here: ${describe(passedOver)}`, {
    ids: { requested },
    hint: passedOver.at(-1)?.hint ?? `Known backends are ${backendRequests.join(', ')}.`,
  });
}

async function tryToOpen(candidate: BackendCandidate, threads: number): Promise<UsableBackend | PassedOver> {
  try {
    return await candidate.open(threads);
  } catch (error) {
    if (error instanceof BackendUnusable) return { backend: candidate.name, why: error.why, hint: error.hint };
    // A candidate that fails in a way it doesn't know is no reason to give up the ones after it.
    const why = error instanceof Error ? error.message : String(error);
    return { backend: candidate.name, why, hint: 'Please report this as a bug, with the message.' };
  }
}

function reasonFor(
  { description }: BackendCandidate,
  requested: BackendRequest,
  passedOver: readonly PassedOver[],
): string {
  if (requested !== 'auto') return `asked for by name; ${description}`;
  const start = `the first that computes here; ${description}`;
  return passedOver.length === 0 ? start : `${start}. Passed over: ${describe(passedOver)}`;
}

function describe(passedOver: readonly PassedOver[]): string {
  return passedOver.map(({ backend, why }) => `${backend} (${why})`).join(', ');
}

/**
 * Reads a backend's name as a person typed it.
 * @throws SigmasweepError BACKEND_UNKNOWN with the nearest known name, where one is near
 */
export function parseBackendRequest(text: string): BackendRequest {
  const known = backendRequests.find((name) => name === text);
  if (known !== undefined) return known;
  const meant = nearest(text, backendRequests);
  throw new SigmasweepError(
    'BACKEND_UNKNOWN',
    `No backend is called "${text}"; known are ${backendRequests.join(', ')}`,
    {
      hint: meant === undefined ? 'Name one of them, or leave the choice to `auto`.' : `Did you mean ${meant}?`,
    },
  );
}
