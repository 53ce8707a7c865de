import { backend } from './backend.js';
import { cancel } from './cancel.js';
import { data } from './data.js';
import { doctor } from './doctor.js';
import { down } from './down.js';
import { pause } from './pause.js';
import { queue } from './queue.js';
import { report } from './report.js';
import { resume } from './resume.js';
import { retry } from './retry.js';
import { run } from './run.js';
import { priority, schedule } from './schedule.js';
import { status } from './status.js';
import { submit } from './submit.js';
import { table } from './table.js';
import { up } from './up.js';
import type { Verb } from './verb.js';

/** Every verb, in the order of the help text. A new one is one file and one line here. */
export const verbs: readonly Verb[] = [
  run,
  up,
  down,
  submit,
  status,
  table,
  report,
  queue,
  pause,
  resume,
  priority,
  schedule,
  cancel,
  retry,
  data,
  doctor,
  backend,
];
