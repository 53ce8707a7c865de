import { askForBackends, describeDevice } from '../backend-report.js';
import { findingOfError, type Finding } from './finding.js';

const topic = 'training';

/** Which backend this machine trains on, and why the better ones were passed over. */
export async function checkBackend(environment: Readonly<Record<string, string | undefined>>): Promise<Finding[]> {
  try {
    const { chosen, passedOver, error } = await askForBackends('auto', environment);
    const better = passedOver.map(({ backend, why, hint }): Finding => {
      return { topic, state: 'note', found: `${backend} is passed over: ${why}`, hint };
    });
    if (chosen !== undefined) {
      return [{ topic, state: 'ok', found: `${chosen.backend} on ${describeDevice(chosen)}` }, ...better];
    }
    return [{ topic, state: 'missing', found: error?.message ?? 'no backend computes here', hint: error?.hint }];
  } catch (error) {
    return [findingOfError(topic, error)];
  }
}
