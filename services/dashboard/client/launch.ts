import {
  formOf,
  isMapping,
  readList,
  readPath,
  schemaOfWorkload,
  valueAt,
  type Path,
  type SchemaNode,
} from '../launch/form-model.js';
import { FormDrawing, type ShownFault } from './launch/draw-form.js';
import { Editor } from './launch/editor.js';
import { SpecDocument } from './launch/spec-document.js';
import { morphChildren } from './morph.js';

/** The check waits for a pause in typing, in milliseconds. */
const typingPause = 250;

function byId<Kind extends HTMLElement>(id: string, kind: new () => Kind): Kind {
  const found = document.getElementById(id);
  if (!(found instanceof kind)) throw new Error(`the page has no ${id}`);
  return found;
}

/**
 * The launch page: the text is the spec, the form is drawn from it and changes it, and the server says after each pause
 * what is wrong with it or what it will train.
 */
class LaunchView {
  readonly #page = byId('launch', HTMLFormElement);
  readonly #form = byId('spec-form', HTMLElement);
  readonly #note = byId('form-note', HTMLElement);
  readonly #check = byId('check', HTMLElement);
  readonly #state = byId('launch-state', HTMLElement);
  readonly #area = byId('spec-text', HTMLTextAreaElement);
  readonly #editor = new Editor(this.#area, byId('spec-lines', HTMLElement));
  #document: SpecDocument | undefined;
  #faults: readonly ShownFault[] = [];
  #valid = true;
  #pause: ReturnType<typeof setTimeout> | undefined;
  #asking: AbortController | undefined;

  constructor(private readonly schema: SchemaNode) {
    this.#area.addEventListener('input', () => {
      this.#editor.draw();
      this.#textChanged();
    });
    this.#form.addEventListener('input', (event) => this.#fieldChanged(event.target));
    this.#form.addEventListener('click', (event) => this.#clicked(event.target));
    this.#page.querySelector('[name="quick"]')?.addEventListener('change', () => this.#askSoon());
    this.#check.addEventListener('click', (event) => {
      const link = event.target instanceof Element ? event.target.closest<HTMLElement>('[data-line]') : null;
      if (link === null) return;
      event.preventDefault();
      this.#editor.goTo(Number(link.dataset['line']));
    });
    this.#page.addEventListener('submit', (event) => {
      if (this.#valid) return;
      event.preventDefault();
      this.#check.querySelector<HTMLElement>('a[data-line]')?.focus();
    });
    byId('check-button', HTMLButtonElement).hidden = true;
    this.#readCheck();
    this.#textChanged();
  }

  #textChanged(): void {
    this.#document = SpecDocument.read(this.#editor.text);
    this.#drawForm();
    this.#askSoon();
  }

  #drawForm(): void {
    const readable = this.#document !== undefined;
    this.#note.hidden = readable;
    this.#note.textContent = 'The text can’t be read as it is; the form is back when it can.';
    this.#form.inert = !readable;
    this.#form.classList.toggle('faded', !readable);
    if (this.#document === undefined) return;
    const drawn = new FormDrawing(this.#faults).draw(formOf(this.schema, this.#document.value));
    morphChildren(this.#form, drawn, () => undefined);
  }

  #fieldChanged(target: EventTarget | null): void {
    if (!(target instanceof HTMLInputElement || target instanceof HTMLSelectElement)) return;
    const { path: written, kind } = target.dataset;
    if (written === undefined || kind === undefined) return;
    const path = JSON.parse(written) as Path;
    if (kind === 'variant') this.#chooseVariant(path, target.dataset['by'] ?? 'name', target.value);
    else if (kind === 'one-of') this.#chooseForm(path, target.value);
    else this.#put(path, this.#valueOf(target, kind, path));
  }

  /** What a control stands for; undefined for an empty one. */
  #valueOf(target: HTMLInputElement | HTMLSelectElement, kind: string, path: Path): unknown {
    if (kind === 'set' && target instanceof HTMLInputElement) {
      const before = valueAt(this.#document?.value, path);
      const others = (Array.isArray(before) ? before.map(String) : []).filter((name) => name !== target.value);
      const chosen = target.checked ? [...others, target.value] : others;
      return chosen.length === 0 ? undefined : chosen;
    }
    if (kind === 'switch' && target instanceof HTMLInputElement) return target.checked;
    if (target.value.trim() === '') return undefined;
    if (kind === 'number') return readList(target.value.trim(), true)[0];
    if (kind === 'list') return readList(target.value, target.dataset['numbers'] !== undefined);
    return target.value;
  }

  /** Another shape: the options that the new one has too are kept. */
  #chooseVariant(path: Path, by: string, name: string): void {
    const before = valueAt(this.#document?.value, path);
    const given = isMapping(before) ? before : {};
    const options = this.#optionsAt(path);
    const allowed = options.find((option) => String(option.properties?.[by]?.const) === name)?.properties;
    const kept = Object.entries(given).filter(([key]) => key !== by && (allowed === undefined || key in allowed));
    const next = { ...(name === '' ? {} : { [by]: name }), ...Object.fromEntries(kept) };
    this.#put(path, Object.keys(next).length === 0 ? undefined : next, Object.keys(next).length === 1);
  }

  #optionsAt(path: Path): readonly SchemaNode[] {
    let node: SchemaNode | undefined = schemaOfWorkload(this.schema, this.#document?.value ?? {});
    for (const key of path) {
      if (node === undefined) break;
      const shapes: readonly SchemaNode[] = node.oneOf ?? node.anyOf ?? [node];
      node =
        typeof key === 'number'
          ? node.items
          : shapes.map((shape) => shape.properties?.[key]).find((found) => found !== undefined);
    }
    return node?.oneOf ?? node?.anyOf ?? [];
  }

  /** Another form of a grid begins with something that can be trained. */
  #chooseForm(path: Path, name: string): void {
    const named = valueAt(this.#document?.value, ['tasks']);
    const tasks = Array.isArray(named) ? named.map(String) : [];
    const beginnings: Readonly<Record<string, unknown>> = {
      points: [Object.fromEntries(tasks.map((task) => [task, 1]))],
      values: Object.fromEntries(tasks.map((task) => [task, [0.5, 1]])),
      simplex: { step: 0.25 },
    };
    this.#put(path, name === '' ? undefined : { [name]: beginnings[name] ?? {} });
  }

  #clicked(target: EventTarget | null): void {
    const button = target instanceof Element ? target.closest<HTMLElement>('button[data-action]') : null;
    if (button === null) return;
    const path = JSON.parse(button.dataset['path'] ?? '[]') as Path;
    const list = path.slice(0, -1);
    if (button.dataset['action'] === 'add') {
      const addition = JSON.parse(button.dataset['addition'] ?? '{}') as Readonly<Record<string, unknown>>;
      this.#put(path, addition, !('method' in addition));
      const row = this.#form.querySelector<HTMLElement>(`[data-path='${JSON.stringify(path)}']`);
      const details = row?.closest('details');
      if (details !== null && details !== undefined) details.open = true;
      const first =
        row ?? this.#form.querySelector<HTMLElement>(`[data-path^='${JSON.stringify(path).slice(0, -1)},']`);
      first?.focus();
      return;
    }
    const rows = valueAt(this.#document?.value, list);
    const isLast = Array.isArray(rows) && rows.length === 1;
    this.#put(isLast ? list : path, undefined);
    this.#form.querySelector<HTMLElement>(`#${CSS.escape(`field-${list.join('-')}-add`)}`)?.focus();
  }

  #put(path: Path, value: unknown, inline = Array.isArray(value) && !value.some(isMapping)): void {
    try {
      const text = this.#document?.withValue(path, value, inline);
      if (text !== undefined) this.#editor.text = text;
    } catch {
      this.#state.textContent = 'This part is written as an alias of another; change it in the text.';
      return;
    }
    this.#textChanged();
  }

  #askSoon(): void {
    this.#check.setAttribute('aria-busy', 'true');
    clearTimeout(this.#pause);
    this.#pause = setTimeout(() => void this.#ask(), typingPause);
  }

  async #ask(): Promise<void> {
    this.#asking?.abort();
    const asking = new AbortController();
    this.#asking = asking;
    try {
      const form = new FormData(this.#page);
      const fields = [...form].filter((entry): entry is [string, string] => typeof entry[1] === 'string');
      const body = new URLSearchParams(fields);
      const response = await fetch('/launch/check', { method: 'POST', body, signal: asking.signal });
      const text = await response.text();
      if (!response.ok) throw new Error(String(response.status));
      const template = document.createElement('template');
      template.innerHTML = text;
      morphChildren(this.#check, template.content, () => undefined);
      this.#readCheck();
      this.#drawForm();
    } catch {
      if (asking.signal.aborted) return;
      this.#state.textContent = 'The check can’t be reached; it is tried again.';
      this.#pause = setTimeout(() => void this.#ask(), 3000);
    }
  }

  /** Takes from the check's answer what form, text and bar show of it. */
  #readCheck(): void {
    this.#check.removeAttribute('aria-busy');
    const result = this.#check.querySelector<HTMLElement>('[data-valid]');
    this.#valid = result?.dataset['valid'] === 'true';
    this.#state.textContent = result?.dataset['summary'] ?? '';
    this.#state.classList.toggle('text-bad', !this.#valid);
    const document_ = SpecDocument.read(this.#editor.text);
    const marked = new Set<number>();
    const faults: ShownFault[] = [];
    for (const item of this.#check.querySelectorAll<HTMLElement>('[data-path]')) {
      const path = item.dataset['path'] ?? '';
      const inText = /^text:(\d+):\d+$/.exec(path);
      const keys = inText === null ? readPath(path) : [];
      const line = inText === null ? document_?.lineOf(keys) : Number(inText[1]);
      faults.push({ path: keys, message: item.dataset['message'] ?? '' });
      if (line === undefined) continue;
      marked.add(line);
      const link = document.createElement('a');
      link.href = '#spec-text';
      link.dataset['line'] = String(line);
      link.textContent = `line ${String(line)}`;
      item.append(' ', link);
    }
    this.#faults = faults;
    this.#editor.mark(marked);
  }
}

async function start(): Promise<void> {
  const response = await fetch('/api/v1/spec-schema');
  if (!response.ok) throw new Error(`the schema: ${String(response.status)}`);
  new LaunchView((await response.json()) as SchemaNode);
}

void start().catch(() => {
  byId('form-note', HTMLElement).textContent = 'The form could not be loaded; the text works without it.';
});
