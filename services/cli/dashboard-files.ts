import type { Config } from '../shared/config.js';
import { SigmasweepError } from '../shared/errors.js';
import { runningStack } from './stack/stack.js';

/** A report of a large sweep takes a few seconds; what takes longer hangs. */
const patienceMs = 120_000;

/**
 * Gets a text file from the dashboard.
 * @param given address of the dashboard; that of this folder's running stack where undefined
 * @throws SigmasweepError DASHBOARD_NOT_RUNNING, DASHBOARD_UNREACHABLE, NOT_FOUND, DASHBOARD_REFUSED
 */
export async function fetchFromDashboard(
  config: Config<'cli'>,
  given: string | undefined,
  path: string,
): Promise<string> {
  const base = given ?? (await runningStack(config))?.dashboardUrl;
  if (base === undefined) {
    throw new SigmasweepError(
      'DASHBOARD_NOT_RUNNING',
      `No dashboard runs for the state folder ${config.SIGMASWEEP_STATE}.`,
      {
        hint: 'Start it with `sigmasweep up`, or give the address of another one with --dashboard.',
      },
    );
  }
  const token = config.SIGMASWEEP_TOKEN;
  const headers: Record<string, string> =
    token === undefined ? {} : { Authorization: `Basic ${Buffer.from(`cli:${token}`).toString('base64')}` };
  let response: Response;
  try {
    response = await fetch(new URL(path, base), {
      headers,
      signal: AbortSignal.timeout(patienceMs),
      redirect: 'error',
    });
  } catch (error) {
    throw new SigmasweepError('DASHBOARD_UNREACHABLE', `The dashboard at ${base} does not answer.`, {
      hint: 'See that it runs, and that the address is that of its page.',
      cause: error,
    });
  }
  if (response.status === 404) {
    throw new SigmasweepError('NOT_FOUND', 'The dashboard knows no such sweep.', {
      hint: 'List the sweeps with `sigmasweep status`.',
    });
  }
  if (response.status === 401) {
    const given = token === undefined ? 'no secret is set here' : 'it does not know the one in SIGMASWEEP_TOKEN';
    throw new SigmasweepError('DASHBOARD_REFUSED', `The dashboard at ${base} wants a secret, and ${given}.`, {
      hint: 'Set SIGMASWEEP_TOKEN to one of its two secrets; the one that lets view is enough to read.',
    });
  }
  if (response.status === 429) {
    const seconds = response.headers.get('retry-after') ?? 'some';
    throw new SigmasweepError('DASHBOARD_REFUSED', 'The dashboard was sent too many wrong secrets from here.', {
      hint: `It looks at the next one in ${seconds} seconds.`,
    });
  }
  if (!response.ok) {
    throw new SigmasweepError('DASHBOARD_REFUSED', `The dashboard answered with status ${String(response.status)}.`, {
      hint: 'Its log says what happened.',
    });
  }
  return response.text();
}
