import { StreamError } from '../../chunk/index.js';

/**
 * What can be wrong with a pipeline that is written down.
 *
 * | problem | meaning |
 * |---|---|
 * | `text-malformed` | the text is no JSON, or no YAML |
 * | `field-invalid` | a field is missing, unknown or of the wrong kind |
 * | `step-type-unknown` | no type of step has this name |
 * | `parameter-invalid` | a parameter of a step is not what its type takes |
 * | `id-duplicate` | two steps have one id |
 * | `reference-malformed` | what `$from` says is no reference |
 * | `reference-unknown` | there is no such step, or it cannot be seen from here |
 * | `reference-later` | the step comes later, or has not finished when this one begins |
 * | `reference-cycle` | steps need each other |
 * | `condition-malformed` | a condition is none |
 */
export type PipelineProblem =
  | 'text-malformed'
  | 'field-invalid'
  | 'step-type-unknown'
  | 'parameter-invalid'
  | 'id-duplicate'
  | 'reference-malformed'
  | 'reference-unknown'
  | 'reference-later'
  | 'reference-cycle'
  | 'condition-malformed';

/** A pipeline is not written as it should be: its code is `pipeline-invalid`. */
export class PipelineError extends StreamError {
  override readonly name = 'PipelineError';

  /** @param field - where, such as `steps.2.with.url` */
  constructor(
    readonly problem: PipelineProblem,
    readonly field: string,
    message: string,
    cause?: unknown,
  ) {
    super('pipeline-invalid', `${field === '' ? 'pipeline' : field}: ${message}`, {
      ...(field === '' ? {} : { field }),
      ...(cause === undefined ? {} : { cause }),
    });
  }
}

/** @internal The path of a field within another. */
export function within(path: string, ...keys: readonly (string | number)[]): string {
  return [path, ...keys].filter((key) => key !== '').join('.');
}
