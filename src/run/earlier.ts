/**
 * What a run knows at a step of a pipeline that refers to it: the run's input, what steps before it came to, and the item of a list
 * it is at work on. What happens within a part of a pipeline is known within that part.
 *
 * @internal
 */
export class Earlier {
  private readonly values = new Map<string, unknown>();

  private constructor(
    readonly input: unknown,
    private readonly outer: Earlier | undefined,
    readonly item: { readonly value: unknown; readonly index: number } | undefined,
  ) {}

  /** Of a run that begins. */
  static of(input: unknown): Earlier {
    return new Earlier(input, undefined, undefined);
  }

  /** Within a part: of an item, where the part is for each of a list. */
  within(item = this.item): Earlier {
    return new Earlier(this.input, this, item);
  }

  /** Takes note of what a step or part came to. */
  add(id: string, value: unknown): void {
    this.values.set(id, value);
  }

  /** What a step or part before has come to. */
  output(id: string): unknown {
    return this.values.has(id) ? this.values.get(id) : this.outer?.output(id);
  }
}
