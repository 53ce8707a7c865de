import { versionMismatch } from '../../shared/nats/greeting.js';
import { ownVersions, versionsFit } from '../../shared/versions.js';
import { readTrainedNetwork } from '../store/checkpoints.js';
import { metrics } from '../metrics.js';
import { readGrant } from '../store/claim-trial.js';
import { storableText } from '../store/storable-text.js';
import { smallRequest, type Handler } from './handler.js';

/** A worker asks for a trial, because it heard that there is something to train. */
export const claim: Handler<'claim'> = {
  lane: 'claim',
  largestRequest: smallRequest,
  async handle({ claims, effects, leaseSeconds, database }, { backend, device, softwareVersion, ...rest }) {
    const worker = { ...ownVersions, software: softwareVersion ?? ownVersions.software };
    if (!versionsFit(worker, ownVersions)) throw versionMismatch('The worker', worker, ownVersions);
    const claimed = { ...rest, backend: storableText(backend), device: storableText(device) };
    const answer = readGrant(await claims.call(claimed));
    metrics.claims.inc({ result: answer.granted ? 'granted' : answer.forOthers === true ? 'left' : 'refused' });
    if (!answer.granted) return answer;
    effects.changed([answer.sweepId]);
    const from = answer.config.transfer?.trial;
    const network = from === undefined ? undefined : await readTrainedNetwork(database, from);
    return {
      ...answer,
      checkpoints: [...answer.checkpoints],
      ...(network === undefined ? {} : { network }),
      leaseSeconds,
    };
  },
};
