import { html } from 'hono/html';
import { assetUrl, type Assets } from '../assets.js';
import { BrandBar } from './brand.js';
import { icon } from './icon.js';

export interface MessageProps {
  readonly assets: Assets;
  readonly title: string;
  readonly text: string;
  readonly hint?: string | undefined;
  readonly code?: string | undefined;
  /** Where to go from here. */
  readonly back: { readonly href: string; readonly label: string };
  /** The browser loads the page again after this many seconds. */
  readonly retryAfter?: number;
}

/** A page that says one thing. It needs neither database nor script: it is shown when those fail. */
export function MessagePage({ assets, title, text, hint, code, back, retryAfter }: MessageProps) {
  return html`<!doctype html>${(
      <html lang="en">
        <head>
          <meta charset="utf-8" />
          <meta name="viewport" content="width=device-width, initial-scale=1" />
          <meta name="color-scheme" content="light dark" />
          {retryAfter === undefined ? null : <meta http-equiv="refresh" content={String(retryAfter)} />}
          <title>{`${title} · sigmasweep`}</title>
          <link rel="icon" href={icon} />
          <link rel="stylesheet" href={assetUrl(assets, 'styles.css')} />
        </head>
        <body>
          <BrandBar />
          <main class="message">
            <h1>{title}</h1>
            <p>{text}</p>
            {hint === undefined ? null : <p class="muted">{hint}</p>}
            {code === undefined ? null : (
              <p class="muted">
                <code>{code}</code>
              </p>
            )}
            <p>
              <a class="button" href={back.href}>
                {back.label}
              </a>
            </p>
          </main>
        </body>
      </html>
    )}`;
}
