import type { Child } from 'hono/jsx';
import { mayOperate } from '../access/identity.js';
import type { Example } from '../launch/examples.js';
import type { SweepOverview } from '../queries/sweeps.js';
import { Page, type PageProps } from './layout.js';

/** What the page's form holds. */
export interface LaunchForm {
  /** YAML or JSON. */
  readonly text: string;
  readonly quick: boolean;
  /** Train again, though the same spec was submitted before. */
  readonly again: boolean;
  /** Stands for a submission that trains again, so that a second click does not submit twice. */
  readonly key: string;
}

export interface LaunchPageProps {
  readonly assets: PageProps['assets'];
  readonly examples: readonly Example[];
  readonly sweeps: readonly SweepOverview[];
  /** What the text was taken from. */
  readonly from: { readonly example?: string; readonly sweep?: string };
  readonly form: LaunchForm;
  readonly check: Child;
}

/** A spec as form and text side by side, what is wrong with it or what it will train, and the button that trains it. */
export function LaunchPage({ assets, examples, sweeps, from, form, check }: LaunchPageProps) {
  return (
    <Page title="Launch a sweep" assets={assets} current="launch" script="launch.js">
      <div class="page-head">
        <div>
          <h1>Launch a sweep</h1>
          <p class="sub">The form and the text are the same spec: change either. Start from:</p>
        </div>
      </div>
      <div class="starts">
        <form method="get" action="/launch">
          <label for="start-example">An example</label>
          <select id="start-example" name="example">
            {examples.map(({ name, about }) => (
              <option value={name} selected={from.example === name}>
                {name}: {about}
              </option>
            ))}
          </select>
          <button class="button" type="submit">
            Load<span class="hidden"> the example</span>
          </button>
        </form>
        {sweeps.length === 0 ? null : (
          <form method="get" action="/launch">
            <label for="start-sweep">A past sweep</label>
            <select id="start-sweep" name="sweep">
              {sweeps.map(({ id, name, createdAt }) => (
                <option value={id} selected={from.sweep === id}>
                  {name.slice(0, 80)} · {createdAt.toISOString().slice(0, 10)}
                </option>
              ))}
            </select>
            <button class="button" type="submit">
              Load<span class="hidden"> the sweep’s spec</span>
            </button>
          </form>
        )}
      </div>
      <form method="post" action="/launch" id="launch" class="launch">
        <input type="hidden" name="key" value={form.key} />
        <div class="launch-columns">
          <div>
            <section class="card" aria-labelledby="text-title">
              <h2 id="text-title">
                <label for="spec-text">Text (YAML)</label>
              </h2>
              <div class="editor">
                <pre class="editor-lines" id="spec-lines" aria-hidden="true"></pre>
                <textarea
                  id="spec-text"
                  name="spec"
                  rows={24}
                  spellcheck={false}
                  autocomplete="off"
                  autocapitalize="off"
                  wrap="off"
                  aria-describedby="launch-state"
                >
                  {form.text}
                </textarea>
              </div>
            </section>
            <section class="card" aria-labelledby="check-title">
              <h2 id="check-title">What it will train</h2>
              <div id="check">{check}</div>
            </section>
          </div>
          <section class="card" aria-labelledby="form-title">
            <h2 id="form-title">Form</h2>
            <p class="empty" id="form-note">
              The form needs JavaScript; the text works without.
            </p>
            <div id="spec-form"></div>
          </section>
        </div>
        <div class="launch-bar">
          <p id="launch-state" role="status"></p>
          <label>
            <input type="checkbox" name="quick" value="yes" checked={form.quick} /> quick size
          </label>
          <label>
            <input type="checkbox" name="again" value="yes" checked={form.again} /> train again if it was submitted
            before
          </label>
          <button class="button" type="submit" name="action" value="check" id="check-button">
            Check
          </button>
          {mayOperate() ? (
            <button class="button button-main" type="submit" name="action" value="launch" id="launch-button">
              Launch
            </button>
          ) : (
            <p class="muted">You may look and check, not launch.</p>
          )}
        </div>
      </form>
    </Page>
  );
}
