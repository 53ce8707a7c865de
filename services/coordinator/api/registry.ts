import type { CommandName } from '../../shared/messages/commands.js';
import { access } from './access.js';
import { annotate } from './annotate.js';
import { archive } from './archive.js';
import { cancel } from './cancel.js';
import { claim } from './claim.js';
import { deleteSweep } from './delete.js';
import type { Handler } from './handler.js';
import { list } from './list.js';
import { pause } from './pause.js';
import { queue } from './queue.js';
import { results } from './results.js';
import { resume } from './resume.js';
import { retry } from './retry.js';
import { schedule } from './schedule.js';
import { show } from './show.js';
import { submit } from './submit.js';
import { workloads } from './workloads.js';

/** Every command of the service. */
export const handlers: { readonly [Name in CommandName]: Handler<Name> } = {
  submit,
  list,
  show,
  results,
  workloads,
  cancel,
  retry,
  pause,
  resume,
  schedule,
  queue,
  annotate,
  archive,
  delete: deleteSweep,
  access,
  claim,
};
