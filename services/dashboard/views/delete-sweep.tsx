import { trialsText } from '../routes/parameters.js';
import type { SweepOverview } from '../queries/sweeps.js';
import { Page, type PageProps } from './layout.js';

/** Says what will be gone, and asks. */
export function DeleteSweepPage({ assets, sweep }: { assets: PageProps['assets']; sweep: SweepOverview }) {
  const { counts } = sweep;
  const active = counts.waiting + counts.queued + counts.running;
  return (
    <Page title={`Delete ${sweep.name}`} assets={assets}>
      <nav class="crumbs" aria-label="Where you are">
        <a href="/">Sweeps</a> <span aria-hidden="true">/</span> <a href={`/sweeps/${sweep.id}`}>{sweep.name}</a>{' '}
        <span aria-hidden="true">/</span>
      </nav>
      <h1>Delete this sweep?</h1>
      <p class="question">
        <strong class="name">{sweep.name}</strong> with its {trialsText(sweep.progress.total)}, all numbers, logs,
        pictures and notes of them will be gone. This can’t be undone. To only take it out of the list, archive it.
      </p>
      {active > 0 ? (
        <p class="question text-bad">{trialsText(active)} are waiting, queued or running: cancel the sweep first.</p>
      ) : null}
      <div class="choices">
        {active > 0 ? null : (
          <form method="post" action={`/sweeps/${sweep.id}/delete`}>
            <button class="button button-danger" type="submit">
              Delete the sweep and {trialsText(sweep.progress.total)}
            </button>
          </form>
        )}
        <a class="button" href={`/sweeps/${sweep.id}`}>
          Keep it
        </a>
      </div>
    </Page>
  );
}
