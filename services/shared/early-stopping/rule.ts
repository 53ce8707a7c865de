/** One training that is judged, and how it went so far. */
export interface Contender {
  readonly id: string;
  /** How good it was after each epoch, on the validation split; larger is better. */
  readonly curve: ReadonlyMap<number, number>;
}

export interface Judgement {
  /** The epoch by whose numbers it was judged. */
  readonly epoch: number;
  /** Why it is stopped, for people; follows "after epoch n". */
  readonly why: string;
}

/** A rule of early stopping. Pure: the same curves, in any order, give the same judgement. */
export interface StoppingRule<Options> {
  /** The epochs whose numbers it looks at, ascending, all before the last one. */
  epochs(options: Options, epochs: number): readonly number[];
  /**
   * @param others that it may be compared with, ended or not
   * @param epochs of a whole training
   * @returns why it is to be stopped, or undefined
   */
  judge(own: Contender, others: readonly Contender[], options: Options, epochs: number): Judgement | undefined;
}

/** The newest of some epochs that a training has got to. */
export function newestOf({ curve }: Contender, epochs: readonly number[]): number | undefined {
  return epochs.findLast((epoch) => curve.has(epoch));
}
