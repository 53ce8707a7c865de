/**
 * Cuts a program's output into lines.
 * @param longest characters of a line; of a longer one `tooLong` makes the error that is thrown
 */
export class Lines {
  private rest = '';

  constructor(
    private readonly longest: number,
    private readonly tooLong: () => Error,
  ) {}

  *push(text: string): Generator<string> {
    const parts = (this.rest + text).split('\n');
    this.rest = parts.pop() ?? '';
    for (const part of parts) {
      if (part.length > this.longest) throw this.tooLong();
      yield part.replace(/\r$/, '');
    }
    if (this.rest.length > this.longest) throw this.tooLong();
  }

  /** A last line that nothing ended. */
  end(): string {
    const { rest } = this;
    this.rest = '';
    return rest;
  }
}
