interface Pulled<T> {
  readonly source: AsyncGenerator<T, void>;
  readonly result?: IteratorResult<T, void>;
  readonly failure?: { readonly error: unknown };
}

/**
 * What several generators yield, as it comes, each no faster than it is taken. The first that throws ends all; whoever is left is
 * told to return.
 *
 * @internal
 */
export async function* merged<T>(sources: readonly AsyncGenerator<T, void>[]): AsyncGenerator<T, void> {
  const ready: Pulled<T>[] = [];
  const open = new Set(sources);
  let wake!: () => void;
  const add = (pulled: Pulled<T>): void => {
    ready.push(pulled);
    wake();
  };
  const pull = (source: AsyncGenerator<T, void>): void => {
    source.next().then(
      (result) => add({ source, result }),
      (error: unknown) => add({ source, failure: { error } }),
    );
  };
  for (const source of sources) pull(source);
  try {
    while (open.size > 0) {
      if (ready.length === 0) await new Promise<void>((resolve) => (wake = resolve));
      const { source, result, failure } = ready.shift()!;
      if (result === undefined || result.done === true) {
        open.delete(source);
        if (failure !== undefined) throw failure.error;
        continue;
      }
      yield result.value;
      pull(source);
    }
  } finally {
    // What one of them throws on its way out concerns nobody any more.
    for (const source of open) source.return().catch(() => {});
  }
}
