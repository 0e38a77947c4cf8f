import { chai } from 'vitest';

/** @internal A line of the test, to which a failure noticed later is traced back. */
export class Place {
  readonly #error = new Error();

  /** @param caller - the function that the test called */
  constructor(caller: object) {
    Error.captureStackTrace(this.#error, caller as () => void);
  }

  /** An assertion error whose stack begins here, so that vitest points at this line. */
  failure(message: string): Error {
    const error = new chai.AssertionError(message);
    const stack = this.#error.stack!;
    error.stack = `AssertionError: ${message}${stack.slice(stack.indexOf('\n'))}`;
    return error;
  }
}
