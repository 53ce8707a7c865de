import { formatDuration } from '../../shared/format-duration.js';
import { dash } from '../../shared/compare/number-forms.js';
import { formatEstimate } from '../format.js';
import type { SpecCheck } from '../launch/check-spec.js';
import type { TimeEstimate } from '../launch/estimate.js';
import type { SweepPreview } from '../launch/preview.js';
import { GridDrawing } from './grid-drawing.js';
import { TableScroll } from './layout.js';

/** What the page says of a spec without fault. */
export interface Preview {
  readonly sweep: SweepPreview;
  readonly time: TimeEstimate | undefined;
  /** Trials of all sweeps that wait already. */
  readonly waiting: number;
}

/** Rows that are listed. */
const shownRows = 100;

const number = (count: number): string => count.toLocaleString('en-US');

/** "1 trial", "1,200 trials". */
function counted(count: number, noun: string): string {
  return `${number(count)} ${noun}${count === 1 ? '' : 's'}`;
}

/** What a spec means: its faults, or what it will train. Numbers and places are data for the script as well. */
export function CheckResult({ check, preview }: { check: SpecCheck; preview: Preview | undefined }) {
  if (!check.ok) return <Faults faults={check.faults} />;
  if (preview === undefined) return null;
  const { sweep, time, waiting } = preview;
  return (
    <div class="check" data-valid="true" data-summary={summary(preview)}>
      <dl class="stats">
        <div class="stat">
          <dt>Trials</dt>
          <dd>{number(sweep.trials)}</dd>
        </div>
        {sweep.rows === undefined ? null : (
          <div class="stat">
            <dt>Rows × seeds</dt>
            <dd>
              {number(sweep.rows.length)} × {number(sweep.trialsPerRow)}
            </dd>
          </div>
        )}
        <div class="stat">
          <dt>Estimated time</dt>
          <dd>{time?.wall === undefined ? 'unknown' : `about ${formatEstimate(time.wall)}`}</dd>
        </div>
        <div class="stat">
          <dt>Training time in all</dt>
          <dd>{time?.training === undefined ? 'unknown' : `about ${formatEstimate(time.training)}`}</dd>
        </div>
      </dl>
      <p class="muted estimate">{basis(time, waiting)}</p>
      {sweep.notes.length === 0 ? null : (
        <ul class="remarks">
          {sweep.notes.map((note) => (
            <li>{note}</li>
          ))}
        </ul>
      )}
      {sweep.rows === undefined ? (
        <p class="muted">So many rows are not listed or drawn.</p>
      ) : (
        <div class="preview">
          <GridDrawing tasks={sweep.tasks} rows={sweep.rows} />
          <RowTable sweep={sweep} time={time} />
        </div>
      )}
    </div>
  );
}

/** For the bar at the end of the page: "36 trials, about 6 min". */
function summary({ sweep, time }: Preview): string {
  const wall = time?.wall === undefined ? 'time unknown' : `about ${formatEstimate(time.wall)}`;
  return `${counted(sweep.trials, 'trial')}, ${wall}`;
}

/** Where the estimate comes from, or why there is none. */
function basis(time: TimeEstimate | undefined, waiting: number): string {
  if (time === undefined) return 'The time is not estimated for so many rows.';
  const queue = waiting === 0 ? '' : ` ${counted(waiting, 'trial')} of other sweeps wait already and come first.`;
  if (time.runs === 0) {
    return `No trial of this model, image size and batch size has succeeded here yet, so its speed is unknown.${queue}`;
  }
  const rates = `From the step rates of ${counted(time.runs, 'past trial')} of this model, image size and batch size`;
  const missing =
    time.training === undefined ? '; some rows train tasks of which there is no past trial, so the sum is unknown' : '';
  const borrowed =
    time.borrowed === 0 ? '' : `; ${counted(time.borrowed, 'row')} at the rate of other weightings of the same tasks`;
  const devices = time.otherDevices ? ', on devices that are not here now' : '';
  const slots =
    time.slots === 0 ? ' No worker is here to train it.' : ` ${counted(time.slots, 'slot')} of workers are here.`;
  return `${rates}${devices}${borrowed}${missing}.${slots}${queue}`;
}

function RowTable({ sweep, time }: { sweep: SweepPreview; time: TimeEstimate | undefined }) {
  const rows = sweep.rows ?? [];
  return (
    <div>
      <TableScroll label="Rows of the sweep">
        <table class="preview-rows">
          <caption class="hidden">Rows of the sweep, with their trials and the estimated time of each trial</caption>
          <thead>
            <tr>
              <th scope="col">Row</th>
              <th scope="col">Weights</th>
              <th scope="col" class="number">
                Trials
              </th>
              <th scope="col" class="number">
                A trial takes
              </th>
            </tr>
          </thead>
          <tbody>
            {rows.slice(0, shownRows).map((row, index) => {
              const seconds = time?.perTrial[index];
              return (
                <tr>
                  <th scope="row">{row.label}</th>
                  <td>{row.kind === 'learned' ? 'learned' : row.kind === 'single' ? 'single task' : 'fixed'}</td>
                  <td class="number">{number(sweep.trialsPerRow)}</td>
                  <td class="number nowrap">{seconds === undefined ? dash : `about ${formatDuration(seconds)}`}</td>
                </tr>
              );
            })}
          </tbody>
        </table>
      </TableScroll>
      {rows.length > shownRows ? <p class="muted">… and {number(rows.length - shownRows)} further rows.</p> : null}
    </div>
  );
}

function Faults({ faults }: { faults: Extract<SpecCheck, { ok: false }>['faults'] }) {
  return (
    <div class="check" data-valid="false" data-summary={counted(faults.length, 'fault')}>
      <p class="text-bad">{faults.length === 1 ? 'The spec has a fault:' : `The spec has ${faults.length} faults:`}</p>
      <ul class="faults">
        {faults.map(({ path, message }) => (
          <li data-path={path} data-message={message}>
            {path === '' ? null : <code class="fault-path">{path}</code>} <span>{message}</span>
          </li>
        ))}
      </ul>
    </div>
  );
}
