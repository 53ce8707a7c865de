/**
 * Changes existing DOM into new DOM in place, so that focus, scroll positions, open details and text selections outlive
 * an update. Children are matched by `data-key` or `id`, otherwise by their order and tag.
 */

/** Called for an element marked `data-value` whose text has changed, or that is new in a list that was there before. */
export type ValueChanged = (element: Element) => void;

function keyOf(node: Node): string | undefined {
  if (!(node instanceof Element)) return undefined;
  return node.getAttribute('data-key') ?? (node.id === '' ? undefined : node.id);
}

function isMatch(have: Node, want: Node): boolean {
  return have.nodeType === want.nodeType && have.nodeName === want.nodeName && keyOf(have) === keyOf(want);
}

/** Attributes that belong to the browser's person and not to the server. */
const kept = new Set(['open', 'data-fresh']);

function morphAttributes(have: Element, want: Element): void {
  for (const { name, value } of [...want.attributes]) {
    if (have.getAttribute(name) !== value && !(name === 'open')) have.setAttribute(name, value);
  }
  for (const { name } of [...have.attributes]) {
    if (!want.hasAttribute(name) && !kept.has(name)) have.removeAttribute(name);
  }
}

/** What a person has set in a control is not in its attributes; one that is being used is left alone. */
function morphControl(have: Element, want: Element): void {
  if (have === document.activeElement) return;
  if (have instanceof HTMLInputElement && want instanceof HTMLInputElement) {
    if (have.type === 'checkbox') have.checked = want.checked;
    else have.value = want.value;
  }
  if (have instanceof HTMLOptionElement && want instanceof HTMLOptionElement) {
    if (have.closest('select') !== document.activeElement) have.selected = want.selected;
  }
}

function morphNode(have: Node, want: Node, onValue: ValueChanged): void {
  if (have instanceof Element && want instanceof Element) {
    morphAttributes(have, want);
    morphControl(have, want);
    const before = have.hasAttribute('data-value') ? have.textContent : undefined;
    morphChildren(have, want, onValue);
    if (before !== undefined && before !== have.textContent) onValue(have);
  } else if (have.nodeValue !== want.nodeValue) {
    have.nodeValue = want.nodeValue;
  }
}

/** Makes the children of one element equal to those of another, which is used up. */
export function morphChildren(have: Element, want: ParentNode, onValue: ValueChanged): void {
  const keyed = new Map<string, ChildNode>();
  for (const child of have.childNodes) {
    const key = keyOf(child);
    if (key !== undefined) keyed.set(key, child);
  }
  let cursor: ChildNode | null = have.firstChild;
  for (const wanted of [...want.childNodes]) {
    const key = keyOf(wanted);
    const candidate: ChildNode | null | undefined = key === undefined ? cursor : keyed.get(key);
    if (candidate && isMatch(candidate, wanted)) {
      if (candidate === cursor) cursor = cursor.nextSibling;
      else have.insertBefore(candidate, cursor);
      morphNode(candidate, wanted, onValue);
    } else {
      have.insertBefore(wanted, cursor);
      if (wanted instanceof Element) wanted.querySelectorAll('[data-value]').forEach(onValue);
    }
  }
  while (cursor !== null) {
    const next: ChildNode | null = cursor.nextSibling;
    cursor.remove();
    cursor = next;
  }
}
