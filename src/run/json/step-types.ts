import * as z from 'zod';
import { checkName, type JsonValue } from '../../chunk/index.js';
import type { StepContext } from '../step.js';

/** A type of step that pipelines in JSON are made of. */
export interface StepType<P extends z.ZodType = z.ZodType, S = unknown> {
  /** What its steps are told `with`. Default: nothing. */
  readonly parameters?: P;
  /** Services without which none of its steps can run. */
  readonly needs?: readonly (keyof S & string)[];
  /**
   * What a step of it does. It may answer a value, a promise, or something that comes bit by bit.
   *
   * @param input - what the step before it put out: a value; a stream where the step says `"input": "stream"`
   */
  readonly run: (parameters: z.output<P>, context: StepContext<S>, input: unknown) => unknown;
}

/** The types of steps there are, by name. */
export interface StepTypes<S = unknown> {
  readonly names: readonly string[];
  /** @internal */
  get(name: string): StepType<z.ZodType, S> | undefined;
  /** These and one more. @throws TypeError when there is one of that name */
  with<P extends z.ZodType>(name: string, type: StepType<P, S>): StepTypes<S>;
}

/**
 * Makes a registry of step types. Two are there from the beginning: `value`, which answers its parameter `value`, and `ask`, which waits
 * for somebody to answer under its parameter `name` (`details`, `by`: who may).
 *
 * @example
 * const types = createStepTypes<{ llm: Llm }>().with('write', {
 *   parameters: z.strictObject({ prompt: z.string() }),
 *   needs: ['llm'],
 *   run: ({ prompt }, { services, signal }) => services.llm.stream(prompt, { signal }),
 * });
 */
export function createStepTypes<S = unknown>(): StepTypes<S> {
  return new Registry<S>(new Map())
    .with('value', { parameters: z.strictObject({ value: z.json() }), run: ({ value }) => value })
    .with('ask', {
      parameters: z.strictObject({
        name: z.string(),
        details: z.json().optional(),
        by: z.array(z.string()).optional(),
      }),
      run: async ({ name, details, by }, { waitFor }): Promise<JsonValue> =>
        await waitFor(name, { ...(details === undefined ? {} : { details }), ...(by === undefined ? {} : { by }) }),
    });
}

class Registry<S> implements StepTypes<S> {
  constructor(private readonly types: ReadonlyMap<string, StepType<z.ZodType, S>>) {}

  get names(): readonly string[] {
    return [...this.types.keys()];
  }

  get(name: string): StepType<z.ZodType, S> | undefined {
    return this.types.get(name);
  }

  with<P extends z.ZodType>(name: string, type: StepType<P, S>): StepTypes<S> {
    checkName(name);
    if (this.types.has(name)) throw new TypeError(`step type "${name}" is known already`);
    return new Registry(new Map([...this.types, [name, type as unknown as StepType<z.ZodType, S>]]));
  }
}
