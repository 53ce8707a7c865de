const mostLines = 20;
/** A longer line is cut into several. */
const mostLineLength = 2000;

/** Cuts a program's output into lines and keeps the last of them. */
export class OutputTail {
  private readonly lines: string[] = [];
  private rest = '';

  /** @param onLine gets each line as it ends */
  constructor(private readonly onLine: (line: string) => void) {}

  readonly write = (text: string): void => {
    const parts = (this.rest + text).split('\n');
    this.rest = parts.pop() ?? '';
    for (const part of parts) this.take(part.replace(/\r$/, ''));
    while (this.rest.length > mostLineLength) {
      this.take(this.rest.slice(0, mostLineLength));
      this.rest = this.rest.slice(mostLineLength);
    }
  };

  /** The last lines, with one that has not ended. */
  tail(): string {
    return [...this.lines, this.rest]
      .filter((line) => line !== '')
      .slice(-mostLines)
      .join('\n');
  }

  private take(line: string): void {
    this.lines.push(line.slice(0, mostLineLength));
    if (this.lines.length > mostLines) this.lines.shift();
    this.onLine(line);
  }
}
