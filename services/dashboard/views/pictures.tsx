import { findTask, type TaskSource } from '../../shared/catalog/workloads.js';
import { taskLabel } from '../../shared/compare/metric-names.js';
import { pictureKinds, wholeTrial, type PictureKind } from '../../shared/messages/reports.js';
import type { ListedPicture, PictureKey } from '../queries/pictures.js';
import { TableScroll } from './layout.js';
import { ToldSample } from './told-sample.js';

export function pictureUrl(key: PictureKey): string {
  const parts = [key.trialId, key.attempt, key.epoch, key.sample, key.task].map((part) =>
    encodeURIComponent(String(part)),
  );
  return `/pictures/${parts.join('/')}/${key.kind}.png`;
}

export interface PicturesProps {
  readonly trialId: string;
  readonly source: TaskSource;
  readonly tasks: readonly string[];
  readonly pictures: readonly ListedPicture[];
  /** The epoch a person chose; undefined for the newest. */
  readonly epoch: number | undefined;
  /** The attempt a person chose, for the links. */
  readonly attempt: number | undefined;
  /** Whether there will be no further ones. */
  readonly over: boolean;
}

/** What the column of a kind is called below its task. */
const kindLabels: Readonly<Record<PictureKind, string>> = {
  input: 'input',
  truth: 'truth',
  prediction: 'prediction',
  error: 'error',
  noise: 'predicted σ',
  epistemic: 'epistemic',
};

/** What does not change from epoch to epoch is stored once, and shown with each. */
const lasting: ReadonlySet<PictureKind> = new Set<PictureKind>(['input', 'truth']);

/** The picture of an epoch, or the one that stands for every epoch. */
export function pictureAt(
  pictures: readonly ListedPicture[],
  epoch: number,
  wanted: Pick<PictureKey, 'sample' | 'task' | 'kind'>,
): ListedPicture | undefined {
  const same = pictures.filter(
    ({ sample, task, kind }) => sample === wanted.sample && task === wanted.task && kind === wanted.kind,
  );
  return same.find((picture) => picture.epoch === epoch) ?? (lasting.has(wanted.kind) ? same.at(-1) : undefined);
}

/** A picture; of what is said of a whole sample its numbers, where they are known. */
export function Shown({ source, picture, alt }: { source: TaskSource; picture: ListedPicture; alt: string }) {
  const { numbers, task, kind } = picture;
  if (numbers === null) return <img src={pictureUrl(picture)} alt={alt} loading="lazy" />;
  return <ToldSample kind={kind} numbers={numbers} isNumber={findTask(source, task)?.kind === 'regression'} />;
}

function isOfWholePicture(source: TaskSource, task: string): boolean {
  const kind = findTask(source, task)?.kind;
  return kind === 'classification' || kind === 'multi-label';
}

/** A slider over the epochs; the browser fetches what it is moved to. Without scripts there are links. */
function EpochChoice({
  epochs,
  shown,
  link,
}: {
  epochs: readonly number[];
  shown: number;
  link: (epoch: number) => string;
}) {
  return (
    <>
      <nav class="filters without-script" aria-label="Epoch of the pictures">
        <span class="muted">After epoch</span>
        {epochs.map((one) => (
          <a href={link(one)} data-key={String(one)} aria-current={one === shown ? 'true' : undefined}>
            {one}
          </a>
        ))}
      </nav>
      <label class="epoch-slider with-script">
        <span class="muted">After epoch</span>
        <input
          type="range"
          min="0"
          max={String(epochs.length - 1)}
          step="1"
          value={String(epochs.indexOf(shown))}
          data-epochs={epochs.join(' ')}
          aria-valuetext={`epoch ${shown}`}
        />
        <output>
          {shown} <span class="muted">of {epochs.at(-1)}</span>
        </output>
      </label>
    </>
  );
}

/** A row per sample: the input, then truth, prediction and error of each task side by side. */
export function Pictures({ trialId, source, tasks, pictures, epoch, attempt, over }: PicturesProps) {
  const epochs = [...new Set(pictures.map((picture) => picture.epoch))].sort((a, b) => a - b);
  const newest = epochs.at(-1);
  if (newest === undefined) {
    return (
      <p class="empty">
        {over ? 'This attempt left no pictures.' : 'Pictures of what the network predicts appear as it trains.'}
      </p>
    );
  }
  const shown = epoch !== undefined && epochs.includes(epoch) ? epoch : newest;
  const here = pictures.filter((picture) => picture.epoch === shown);
  const samples = [...new Set(here.map((picture) => picture.sample))].sort((a, b) => a - b);
  const columns = [wholeTrial, ...tasks].flatMap((task) =>
    pictureKinds
      .filter((kind) => samples.some((sample) => pictureAt(pictures, shown, { sample, task, kind }) !== undefined))
      .map((kind) => ({ task, kind, label: task === wholeTrial ? 'Input' : taskLabel(source, task) })),
  );
  const link = (one: number): string =>
    `/trials/${trialId}?${attempt === undefined ? '' : `attempt=${attempt}&`}epoch=${one}#pictures`;
  return (
    <>
      {epochs.length > 1 ? <EpochChoice epochs={epochs} shown={shown} link={link} /> : null}
      <TableScroll label="Pictures">
        <table class="pictures">
          <caption class="hidden">Input, and what was predicted of it after epoch {shown}</caption>
          <thead>
            <tr>
              {columns.map(({ kind, label }) => (
                <th scope="col">
                  {label}
                  {kind === 'input' ? null : <span class="sub">{kindLabels[kind]}</span>}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {samples.map((sample) => (
              <tr data-key={String(sample)}>
                {columns.map(({ task, kind, label }) => {
                  const key = pictureAt(pictures, shown, { sample, task, kind });
                  return (
                    <td>
                      {key === undefined ? null : (
                        <Shown
                          source={source}
                          picture={key}
                          alt={`Sample ${sample + 1}, ${label}, ${kindLabels[kind]}`}
                        />
                      )}
                    </td>
                  );
                })}
              </tr>
            ))}
          </tbody>
        </table>
      </TableScroll>
      {pictures.some(
        ({ task, kind, numbers }) => numbers === null && kind === 'prediction' && isOfWholePicture(source, task),
      ) ? (
        <p class="table-notes">
          Classes and labels of a whole picture: upright bands, each in its class’s colour. The truth of a class is one
          colour, and a prediction’s bands are as wide as each class is likely; of labels each has a band, the fuller
          the likelier.
        </p>
      ) : null}
      {columns.some(({ kind }) => kind === 'error') ? (
        <p class="table-notes">
          Error: the darker, the larger; grey where there is no truth. Of a wrong class the likelihood that was kept
          from the true one, of depth up to a quarter of the sample’s largest, of vectors up to an eighth of the image’s
          width.
        </p>
      ) : null}
      {columns.some(({ kind }) => kind === 'noise') ? (
        <p class="table-notes">
          Predicted σ: the standard deviation of the noise that the head expects at each pixel, drawn as an error of
          that size is; of classes that of their logits, darkest from 1, where training begins.
        </p>
      ) : null}
      {columns.some(({ kind }) => kind === 'epistemic') ? (
        <p class="table-notes">
          Epistemic: what the network does not know, by passes that leave out other features. Of regressions the
          standard deviation of their predictions, drawn as an error four times its size is; of classes the mutual
          information, darkest from a quarter of the most there can be.
        </p>
      ) : null}
    </>
  );
}
