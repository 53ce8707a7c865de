import type { CommandName } from '../../shared/messages/commands.js';
import { cancel } from './cancel.js';
import { claim } from './claim.js';
import type { Handler } from './handler.js';
import { list } from './list.js';
import { results } from './results.js';
import { retry } from './retry.js';
import { show } from './show.js';
import { submit } from './submit.js';

/** Every command of the service. */
export const handlers: { readonly [Name in CommandName]: Handler<Name> } = {
  submit,
  list,
  show,
  results,
  cancel,
  retry,
  claim,
};
