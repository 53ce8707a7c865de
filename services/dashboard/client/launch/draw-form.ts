import type { Field, Option, Path } from '../../launch/form-model.js';

/** A fault and the field that it is shown at. */
export interface ShownFault {
  readonly path: Path;
  readonly message: string;
}

type Attributes = Readonly<Record<string, string | boolean | undefined>>;

function element<Tag extends keyof HTMLElementTagNameMap>(
  tag: Tag,
  attributes: Attributes = {},
  ...children: readonly (Node | string | undefined)[]
): HTMLElementTagNameMap[Tag] {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === true) made.setAttribute(name, '');
    else if (typeof value === 'string') made.setAttribute(name, value);
  }
  made.append(...children.filter((child) => child !== undefined));
  return made;
}

/** Descriptions mark names with backticks. */
function withCode(text: string): (Node | string)[] {
  return text.split('`').map((part, place) => (place % 2 === 0 ? part : element('code', {}, part)));
}

/** One id for each place of a spec. */
export function fieldId(path: Path): string {
  return `field-${path.map((key) => String(key).replace(/[^\w-]/g, '_')).join('-')}`;
}

const samePath = (a: Path, b: Path): boolean => a.length === b.length && a.every((key, index) => key === b[index]);
const within = (path: Path, above: Path): boolean => above.every((key, index) => key === path[index]);

/** Draws fields as DOM; what is written in them is told by listeners on the form, from `data-path` and `data-kind`. */
export class FormDrawing {
  /** @param faults those of the last check */
  constructor(private readonly faults: readonly ShownFault[]) {}

  draw(fields: readonly Field[]): DocumentFragment {
    const fragment = document.createDocumentFragment();
    fragment.append(...fields.map((field) => this.#field(field)));
    return fragment;
  }

  /** Ids of what describes a control, and whether it is wrong. */
  #description(field: Field): Attributes {
    const id = fieldId(field.path);
    const wrong = this.faults.some((fault) => samePath(fault.path, field.path));
    const ids = [...(field.about === undefined ? [] : [`${id}-about`]), ...(wrong ? [`${id}-fault`] : [])];
    return {
      'aria-describedby': ids.length === 0 ? undefined : ids.join(' '),
      'aria-invalid': wrong ? 'true' : undefined,
      'aria-required': field.required ? 'true' : undefined,
    };
  }

  #notes(field: Field, about = field.about): HTMLElement[] {
    const id = fieldId(field.path);
    const own = this.faults.filter((fault) => samePath(fault.path, field.path));
    return [
      ...(about === undefined ? [] : [element('p', { class: 'field-about', id: `${id}-about` }, ...withCode(about))]),
      ...(own.length === 0
        ? []
        : [element('p', { class: 'field-fault', id: `${id}-fault` }, own.map(({ message }) => message).join('; '))]),
    ];
  }

  #row(field: Field, control: HTMLElement, ...after: readonly HTMLElement[]): HTMLElement {
    const id = fieldId(field.path);
    return element(
      'div',
      { class: 'field', 'data-key': `${id}-row` },
      element('label', { for: id, class: 'field-label' }, field.label),
      control,
      ...this.#notes(field),
      ...after,
    );
  }

  #control(field: Field, more: Attributes = {}): Attributes {
    return {
      id: fieldId(field.path),
      'data-path': JSON.stringify(field.path),
      'data-kind': field.kind,
      ...this.#description(field),
      ...more,
    };
  }

  #field(field: Field): HTMLElement {
    switch (field.kind) {
      case 'text': {
        const input = element('input', this.#control(field, { type: 'text', placeholder: field.usual }));
        if (field.longest !== undefined) input.maxLength = field.longest;
        input.value = field.value;
        return this.#row(field, input);
      }
      case 'number': {
        // A text control: a number's would hide what it can't read, and the check could not say what is wrong with it.
        const mode = field.whole ? 'numeric' : 'decimal';
        const input = element(
          'input',
          this.#control(field, { type: 'text', inputmode: mode, placeholder: field.usual, size: '12' }),
        );
        input.value = field.value;
        return this.#row(field, input);
      }
      case 'list': {
        const numbers = field.numbers ? 'yes' : undefined;
        const input = element(
          'input',
          this.#control(field, { type: 'text', placeholder: field.usual, 'data-numbers': numbers }),
        );
        input.value = field.value;
        return this.#row(field, input);
      }
      case 'choice':
        return this.#row(field, this.#select(field, field.value, field.options, field.usual));
      case 'switch': {
        const input = element('input', this.#control(field, { type: 'checkbox' }));
        input.checked = field.value;
        return element(
          'div',
          { class: 'field', 'data-key': `${input.id}-row` },
          element('label', { class: 'field-check' }, input, ` ${field.label}`),
          ...this.#notes(field),
        );
      }
      case 'set':
        return this.#set(field);
      case 'group':
        return this.#details(field, field.fields, undefined);
      case 'variant': {
        const select = this.#select(field, field.value, field.options, field.usual);
        select.dataset['by'] = field.by;
        const label = element(
          'label',
          { for: select.id, class: 'field-label' },
          field.by === 'name' ? 'Which' : 'Method',
        );
        const about =
          field.chosenAbout === undefined ? undefined : element('p', { class: 'field-about' }, field.chosenAbout);
        const head = element('div', { class: 'field', 'data-key': `${select.id}-row` }, label, select, about);
        return this.#details(field, field.fields, head);
      }
      case 'one-of': {
        const select = this.#select(field, field.value, field.options, 'none');
        return element(
          'fieldset',
          { class: 'field-group', 'data-key': `${select.id}-group` },
          element('legend', {}, field.label),
          element('label', { for: select.id, class: 'field-label' }, 'Written as'),
          select,
          ...this.#notes(field),
          ...field.chosen.map((inner) => this.#field(inner)),
        );
      }
      case 'rows':
        return this.#rows(field);
      case 'text-only':
        return element(
          'div',
          { class: 'field', 'data-key': `${fieldId(field.path)}-row` },
          element('span', { class: 'field-label' }, field.label),
          element('p', { class: 'field-about' }, 'This is changed in the text.'),
          ...this.#notes(field),
        );
    }
  }

  #select(field: Field, value: string, options: readonly Option[], usual: string | undefined): HTMLSelectElement {
    const select = element('select', this.#control(field));
    if (usual !== undefined || value === '') {
      const label = usual === undefined ? 'choose' : usual === 'none' ? 'none' : `${usual} (default)`;
      select.append(new Option(label, '', value === '', value === ''));
    }
    for (const option of options) {
      const chosen = option.value === value;
      select.append(new Option(option.label, option.value, chosen, chosen));
    }
    return select;
  }

  #set(field: Extract<Field, { kind: 'set' }>): HTMLElement {
    const id = fieldId(field.path);
    const boxes = field.options.map((option) => {
      const box = element('input', {
        type: 'checkbox',
        id: `${id}-${option.value}`,
        value: option.value,
        'data-path': JSON.stringify(field.path),
        'data-kind': 'set',
      });
      box.checked = field.value.includes(option.value);
      return element('label', { class: 'field-check' }, box, ` ${option.label}`);
    });
    const { 'aria-describedby': describedBy } = this.#description(field);
    return element(
      'fieldset',
      { class: 'field field-set', 'data-key': `${id}-set`, 'aria-describedby': describedBy },
      element('legend', { class: 'field-label' }, field.label),
      element('div', { class: 'field-boxes' }, ...boxes),
      ...this.#notes(field),
    );
  }

  #details(field: Field, fields: readonly Field[], head: HTMLElement | undefined): HTMLElement {
    const id = fieldId(field.path);
    const isRow = typeof field.path.at(-1) === 'number';
    const wrong = this.faults.some((fault) => within(fault.path, field.path));
    const told = summaryOf(field, fields);
    const summary = element(
      'summary',
      {},
      element('span', { class: 'field-label' }, isRow ? `Row ${String(Number(field.path.at(-1)) + 1)}` : field.label),
      told === '' ? undefined : element('span', { class: 'field-told' }, told),
      wrong ? element('span', { class: 'field-wrong' }, 'has a fault') : undefined,
    );
    const details = element(
      'details',
      { class: 'field-details', 'data-key': `${id}-details` },
      summary,
      element(
        'div',
        { class: 'field-inner' },
        ...this.#notes(field, head === undefined ? field.about : undefined),
        head,
        ...fields.map((inner) => this.#field(inner)),
        isRow ? this.#removal(field) : undefined,
      ),
    );
    return details;
  }

  #removal(field: Field): HTMLElement {
    const row = Number(field.path.at(-1)) + 1;
    return element(
      'button',
      {
        type: 'button',
        class: 'button',
        'data-action': 'remove',
        'data-path': JSON.stringify(field.path),
        'data-key': `${fieldId(field.path)}-remove`,
        'aria-label': `Remove row ${String(row)}`,
      },
      'Remove',
    );
  }

  #rows(field: Extract<Field, { kind: 'rows' }>): HTMLElement {
    const id = fieldId(field.path);
    const add = element(
      'button',
      {
        type: 'button',
        class: 'button',
        id: `${id}-add`,
        'data-action': 'add',
        'data-path': JSON.stringify([...field.path, field.rows.length]),
        'data-addition': JSON.stringify(field.addition),
      },
      field.rows.length === 0 ? 'Add a row' : 'Add another row',
    );
    const groups = field.rows.map((row) => (row.kind === 'group' ? this.#line(row) : this.#field(row)));
    return element(
      'fieldset',
      { class: 'field-group', 'data-key': `${id}-group` },
      element('legend', {}, field.label),
      ...this.#notes(field),
      ...groups,
      add,
    );
  }

  /** A row of numbers, such as the weights of a point, on one line. */
  #line(row: Extract<Field, { kind: 'group' }>): HTMLElement {
    const number = String(Number(row.path.at(-1)) + 1);
    const cells = row.fields.map((field) => {
      const input = element(
        'input',
        this.#control(field, {
          type: 'text',
          inputmode: 'decimal',
          size: '6',
          placeholder: '0',
          'aria-label': `Row ${number}, ${field.label}`,
        }),
      );
      input.value = 'value' in field ? String(field.value) : '';
      return element('span', { class: 'field-cell' }, element('span', { 'aria-hidden': 'true' }, field.label), input);
    });
    const faults = [row, ...row.fields].flatMap((field) => this.#notes(field, undefined));
    return element(
      'div',
      { class: 'field-line', 'data-key': `${fieldId(row.path)}-line` },
      ...cells,
      this.#removal(row),
      ...faults,
    );
  }
}

/** What is set inside, for when it is folded up: "adam · learning rate 0.004". */
function summaryOf(field: Field, fields: readonly Field[]): string {
  const set = fields.flatMap((inner) => {
    if (inner.kind === 'group' || inner.kind === 'variant') return inner.given ? [inner.label.toLowerCase()] : [];
    if (!('value' in inner) || typeof inner.value !== 'string' || inner.value === '') return [];
    return inner.path.at(-1) === 'label' ? [`“${inner.value}”`] : [`${inner.label.toLowerCase()} ${inner.value}`];
  });
  const name = field.kind === 'variant' ? [field.value === '' ? (field.usual ?? '') : field.value] : [];
  const parts = [...name, ...set];
  return parts.length > 4 ? `${parts.slice(0, 4).join(' · ')} · …` : parts.join(' · ');
}
