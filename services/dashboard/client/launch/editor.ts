/** The text's side of the page: line numbers that scroll along, marks at lines with a fault. */
export class Editor {
  #marked: ReadonlySet<number> = new Set();

  constructor(
    private readonly area: HTMLTextAreaElement,
    private readonly gutter: HTMLElement,
  ) {
    area.addEventListener('scroll', () => this.#scroll());
    this.draw();
  }

  get text(): string {
    return this.area.value;
  }

  /** Replaces the text and leaves scroll and cursor where they were, as far as they still exist. */
  set text(text: string) {
    if (text === this.area.value) return;
    const { scrollTop, scrollLeft, selectionStart } = this.area;
    this.area.value = text;
    this.area.setSelectionRange(selectionStart, selectionStart);
    this.area.scrollTop = scrollTop;
    this.area.scrollLeft = scrollLeft;
    this.draw();
  }

  mark(lines: Iterable<number>): void {
    this.#marked = new Set(lines);
    this.draw();
  }

  /** Puts the cursor at the beginning of a line, from 1. */
  goTo(line: number): void {
    const start = this.text
      .split('\n')
      .slice(0, line - 1)
      .reduce((sum, one) => sum + one.length + 1, 0);
    this.area.focus();
    this.area.setSelectionRange(start, start);
    const height = this.area.scrollHeight / Math.max(1, this.text.split('\n').length);
    this.area.scrollTop = Math.max(0, (line - 4) * height);
  }

  draw(): void {
    const count = this.text.split('\n').length;
    const numbers = Array.from({ length: count }, (_, index) => {
      const line = document.createElement('span');
      line.textContent = String(index + 1);
      if (this.#marked.has(index + 1)) line.className = 'marked';
      return line;
    });
    this.gutter.replaceChildren(...numbers);
    this.#scroll();
  }

  #scroll(): void {
    this.gutter.scrollTop = this.area.scrollTop;
  }
}
