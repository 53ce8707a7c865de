import { dash } from '../../shared/compare/number-forms.js';
import { formatTime } from '../format.js';
import { actionsPerPage, type ActionRow } from '../queries/actions.js';
import { Page, TableScroll, type PageProps } from './layout.js';

/** "command line", "dashboard", "API". */
const ways: Readonly<Record<string, string>> = { cli: 'command line', dashboard: 'dashboard', api: 'API' };

function Target({ row }: { row: ActionRow }) {
  const { target, targetName } = row;
  if (target === null) return <>{dash}</>;
  if (targetName === null) return <code>{target}</code>;
  return <a href={`/${target.startsWith('trial-') ? 'trials' : 'sweeps'}/${target}`}>{targetName}</a>;
}

/** Who did what, or was refused it. */
export function ActionsPage({ assets, rows }: { assets: PageProps['assets']; rows: readonly ActionRow[] }) {
  const last = rows.at(-1);
  return (
    <Page title="Actions" assets={assets} current="actions">
      <div class="page-head">
        <div>
          <h1>Actions</h1>
          <p class="sub">Who launched, cancelled, retried or changed what, and who logged in; newest first.</p>
        </div>
      </div>
      <section class="card flush">
        {rows.length === 0 ? (
          <p class="empty">Nothing has been done yet.</p>
        ) : (
          <TableScroll label="Actions">
            <table class="actions-log stacked">
              <caption class="hidden">Actions, newest first</caption>
              <thead>
                <tr>
                  <th scope="col">Action</th>
                  <th scope="col">What</th>
                  <th scope="col">Who</th>
                  <th scope="col">Outcome</th>
                  <th scope="col">When (UTC)</th>
                </tr>
              </thead>
              <tbody>
                {rows.map((row) => (
                  <tr>
                    <th scope="row">{row.action.replaceAll('-', ' ')}</th>
                    <td class="across">
                      <Target row={row} />
                    </td>
                    <td data-label="Who">
                      <span>
                        {row.name ?? 'somebody'}
                        <span class="sub">
                          {[row.via === null ? undefined : (ways[row.via] ?? row.via), row.role, row.address]
                            .filter((part) => part !== undefined && part !== null)
                            .join(' · ')}
                        </span>
                      </span>
                    </td>
                    <td data-label="Outcome" class={row.outcome === 'done' ? undefined : 'text-bad'}>
                      {row.outcome}
                    </td>
                    <td class="nowrap" data-label="When (UTC)">
                      <time datetime={row.at.toISOString()}>{formatTime(row.at).replace(' UTC', '')}</time>
                    </td>
                  </tr>
                ))}
              </tbody>
            </table>
          </TableScroll>
        )}
        {rows.length < actionsPerPage || last === undefined ? null : (
          <nav class="pages" aria-label="Pages">
            <a href={`/actions?before=${last.id}`}>Older</a>
          </nav>
        )}
      </section>
    </Page>
  );
}
