/** When a batch is complete. */
export interface BatchLimits {
  readonly count: number;
  readonly bytes: number;
  /** How long a batch waits for further items after its first, in milliseconds. */
  readonly lingerMs: number;
}

/**
 * Makes batches of what comes in: a batch ends when it is full, a moment after its first item, or with the source.
 * Nothing is taken from the source while a batch is being worked on, but for one item. When the source fails, what it
 * gave before is a batch still; the error comes after it.
 */
export async function* gather<Item>(
  source: AsyncIterable<Item>,
  sizeOf: (item: Item) => number,
  limits: BatchLimits,
): AsyncGenerator<Item[]> {
  const iterator = source[Symbol.asyncIterator]();
  const ahead = (): Promise<IteratorResult<Item>> => {
    const next = iterator.next();
    // It may fail while a batch is being worked on; the error is thrown when its turn has come.
    next.catch(() => undefined);
    return next;
  };
  let next = ahead();
  for (;;) {
    const first = await next;
    if (first.done === true) return;
    const batch = [first.value];
    let bytes = sizeOf(first.value);
    const end = performance.now() + limits.lingerMs;
    next = ahead();
    while (batch.length < limits.count && bytes < limits.bytes) {
      const more = await within(next, end - performance.now());
      if (more === undefined || more.done === true) break;
      batch.push(more.value);
      bytes += sizeOf(more.value);
      next = ahead();
    }
    yield batch;
  }
}

/** The promise's value, or undefined when it takes longer or fails. */
async function within<Value>(promise: Promise<Value>, milliseconds: number): Promise<Value | undefined> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<undefined>((resolve) => {
    timer = setTimeout(() => resolve(undefined), milliseconds);
  });
  try {
    return await Promise.race([promise.catch(() => undefined), late]);
  } finally {
    clearTimeout(timer);
  }
}
