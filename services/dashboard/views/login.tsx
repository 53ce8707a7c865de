import { html } from 'hono/html';
import { assetUrl, type Assets } from '../assets.js';
import { BrandBar } from './brand.js';
import { icon } from './icon.js';

/** Asks for the secret; needs no script. */
export function LoginPage({ assets, next, fault }: { assets: Assets; next: string; fault: string | undefined }) {
  return html`<!doctype html>${(
      <html lang="en">
        <head>
          <meta charset="utf-8" />
          <meta name="viewport" content="width=device-width, initial-scale=1" />
          <meta name="color-scheme" content="light dark" />
          <title>Log in · sigmasweep</title>
          <link rel="icon" href={icon} />
          <link rel="stylesheet" href={assetUrl(assets, 'styles.css')} />
        </head>
        <body>
          <BrandBar />
          <main class="message">
            <h1>Log in</h1>
            {fault === undefined ? null : (
              <p class="text-bad" role="alert" id="login-fault">
                {fault}
              </p>
            )}
            <form method="post" action="/login" class="login">
              <input type="hidden" name="next" value={next} />
              <label for="secret">Secret</label>
              <input
                id="secret"
                name="secret"
                type="password"
                required
                autocomplete="current-password"
                autofocus
                aria-describedby={fault === undefined ? undefined : 'login-fault'}
                aria-invalid={fault === undefined ? undefined : 'true'}
              />
              <label for="name">Your name</label>
              <input id="name" name="name" type="text" maxlength={100} autocomplete="username" />
              <p class="muted">
                The name is shown beside what you do, so that others know whom to ask. It may stay empty.
              </p>
              <button class="button button-main" type="submit">
                Log in
              </button>
            </form>
          </main>
        </body>
      </html>
    )}`;
}
