import { parseDocument } from 'yaml';
import type { JsonValue } from '../chunk/index.js';
import type { Pipeline } from './pipeline.js';
import { PipelineError } from './json/pipeline-error.js';
import { pipelineFromJson, type PipelineFromJsonOptions } from './json/pipeline-from-json.js';

/**
 * Makes a pipeline of YAML, as `pipelineFromJson` does of JSON. Needs the package `yaml`.
 *
 * @throws {@link PipelineError} naming the field, or the line, and what is wrong with it
 *
 * @example
 * const answer = pipelineFromYaml(await readFile('answer.yaml', 'utf8'), { types });
 */
export function pipelineFromYaml<S = unknown>(
  text: string,
  options: PipelineFromJsonOptions<S>,
): Pipeline<JsonValue, unknown, S> {
  return pipelineFromJson(parsed(text), options);
}

function parsed(text: string): object {
  const document = parseDocument(text);
  const [error] = document.errors;
  if (error !== undefined) throw malformed(error);
  try {
    // A text would be taken for JSON.
    return Object(document.toJS()) as object;
  } catch (thrown) {
    // Aliases of aliases of aliases.
    throw malformed(thrown as Error);
  }
}

function malformed(error: Error): PipelineError {
  return new PipelineError('text-malformed', '', error.message.split('\n')[0]!.replace(/:$/, ''), error);
}
