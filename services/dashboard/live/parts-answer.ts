/** One of the parts that a page has asked for together. */
export interface PartAnswer {
  /** As of HTTP; 304 where the page has it as it is. */
  readonly status: number;
  /** With 200: names what the text is. */
  readonly tag?: string;
  /** With 200: HTML or JSON. */
  readonly text?: string;
}

/** What `/parts` answers with, in the order in which the parts were asked for. */
export type PartsAnswer = readonly PartAnswer[];
