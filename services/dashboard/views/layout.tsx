import { html } from 'hono/html';
import type { Child } from 'hono/jsx';
import { currentIdentity } from '../access/identity.js';
import { softwareVersion } from '../../shared/version.js';
import { Brand } from './brand.js';
import { icon } from './icon.js';
import { assetUrl, type Assets } from '../assets.js';

export interface PageProps {
  readonly title: string;
  readonly assets: Assets;
  /** Address of the page's server-sent events; undefined for pages that don't change. */
  readonly events?: string;
  readonly current?: 'sweeps' | 'launch' | 'workers' | 'actions';
  /** A further script of the bundle, for pages that need one. */
  readonly script?: string;
  readonly children?: Child;
}

const navigation = [
  { key: 'sweeps', href: '/', label: 'Sweeps' },
  { key: 'launch', href: '/launch', label: 'Launch' },
  { key: 'workers', href: '/workers', label: 'Workers and queue' },
  { key: 'actions', href: '/actions', label: 'Actions' },
] as const;

/** The frame of every page: head, bar, main part. */
export function Page({ title, assets, events, current, script, children }: PageProps) {
  return html`<!doctype html>${(
      <html lang="en">
        <head>
          <meta charset="utf-8" />
          <meta name="viewport" content="width=device-width, initial-scale=1" />
          <meta name="color-scheme" content="light dark" />
          <title>{`${title} · sigmasweep`}</title>
          <link rel="icon" href={icon} />
          <link rel="stylesheet" href={assetUrl(assets, 'styles.css')} />
          <script type="module" src={assetUrl(assets, 'main.js')}></script>
          {script === undefined ? null : <script type="module" src={assetUrl(assets, script)}></script>}
        </head>
        <body data-events={events}>
          <a class="skip" href="#main">
            Skip to content
          </a>
          <header class="bar">
            <div class="bar-inner">
              <Brand />
              <nav aria-label="Main">
                {navigation.map(({ key, href, label }) => (
                  <a href={href} aria-current={current === key ? 'page' : undefined}>
                    {label}
                  </a>
                ))}
              </nav>
              {events === undefined ? null : (
                <p class="live" id="live" data-state="connecting" role="status">
                  <span class="live-dot" aria-hidden="true"></span>
                  <span class="live-text">connecting</span>
                </p>
              )}
              <Person />
            </div>
          </header>
          <main id="main" tabindex={-1}>
            {children}
          </main>
          <footer class="foot">sigmasweep {softwareVersion}</footer>
        </body>
      </html>
    )}`;
}

/** Who is logged in, with the way out; nothing where everybody may do everything. */
function Person() {
  const identity = currentIdentity();
  if (identity?.via !== 'session') return null;
  return (
    <form method="post" action="/logout" class="person">
      <span>
        {identity.name ?? 'logged in'}
        {identity.role === 'view' ? ' (view only)' : ''}
      </span>
      <button class="button" type="submit">
        Log out
      </button>
    </form>
  );
}

/** A part of a page that the browser fetches again when something changed. */
export function Live({ source, id, children }: { source: string; id: string; children?: Child }) {
  return (
    <div id={id} data-live={source}>
      {children}
    </div>
  );
}

/** A table wider than a phone scrolls in its own box, by keyboard too. */
export function TableScroll({ label, children }: { label: string; children?: Child }) {
  return (
    <div class="table-scroll" role="group" aria-label={label} tabindex={0}>
      {children}
    </div>
  );
}
