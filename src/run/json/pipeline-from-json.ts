import type { JsonValue } from '../../chunk/index.js';
import { firstProblem, StreamError } from '../../chunk/index.js';
import type { Earlier } from '../earlier.js';
import { checkStreaming, Pipeline } from '../pipeline.js';
import { type PipelineNode, type SequenceNode, type StepContext, stepNode, type StepOptions } from '../step.js';
import { checkReferences } from './check-references.js';
import { holds } from './condition.js';
import { type Action, parseDocument, type WrittenPart, type WrittenStep } from './document.js';
import { computedFields, evaluate } from './expression.js';
import { PipelineError, within } from './pipeline-error.js';
import type { StepType, StepTypes } from './step-types.js';

/** Options of {@link pipelineFromJson}. */
export interface PipelineFromJsonOptions<S = unknown> {
  /** The types of steps it may be made of. */
  readonly types: StepTypes<S>;
}

/**
 * Makes a pipeline of JSON: of a text, or of what a text was parsed to. Everything about it is checked here, before it runs.
 *
 * @throws {@link PipelineError} naming the field and what is wrong with it
 *
 * @example
 * const answer = pipelineFromJson(await readFile('answer.json', 'utf8'), { types });
 * const { result } = runs.start(answer, { question: 'What is a sluice?' });
 */
export function pipelineFromJson<S = unknown>(
  document: unknown,
  { types }: PipelineFromJsonOptions<S>,
): Pipeline<JsonValue, unknown, S> {
  const { name, streaming, parts } = parseDocument(typeof document === 'string' ? parsedText(document) : document);
  checkReferences(parts);
  const builder = new Builder(types);
  const root = builder.sequence(parts);
  return new Pipeline({ name, needs: [...builder.needs], streaming: checkStreaming(streaming), root, refers: true });
}

function parsedText(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new PipelineError('text-malformed', '', (error as Error).message, error);
  }
}

class Builder<S> {
  /** Services without which no run can begin. */
  readonly needs = new Set<string>();

  constructor(private readonly types: StepTypes<S>) {}

  sequence(parts: readonly WrittenPart[]): SequenceNode {
    return { kind: 'sequence', nodes: parts.map((part) => this.part(part)) };
  }

  private part(part: WrittenPart): PipelineNode {
    const { id } = part;
    switch (part.kind) {
      case 'step':
        return this.step(part);
      case 'parallel':
        return {
          kind: 'parallel',
          id,
          branches: part.branches.map(([key, parts]) => [key, this.sequence(parts)] as const),
        };
      case 'branch': {
        const when = (_: unknown, earlier?: Earlier): boolean => holds(part.when, earlier!);
        return { kind: 'branch', id, when, yes: this.sequence(part.yes), no: this.sequence(part.no) };
      }
      case 'map': {
        const list = (_: unknown, earlier: Earlier | undefined): unknown => evaluate(part.list, earlier!);
        return { kind: 'map', id, list, each: this.sequence(part.each), concurrency: part.concurrency };
      }
    }
  }

  private step(step: WrittenStep): PipelineNode {
    const { id, field, compensate } = step;
    const act = this.action(step, field);
    const run = async (input: unknown, context: unknown, earlier?: Earlier): Promise<unknown> =>
      await act(earlier!, context, input);
    const options = optionsOf(step);
    if (compensate === undefined) return stepNode(id, run as never, options);
    const undo = this.action(compensate, within(field, 'compensate'));
    const undoing = async (output: unknown, context: unknown, _: unknown, earlier?: Earlier): Promise<unknown> =>
      await undo(withOutput(earlier!, id, output), context, output);
    return stepNode(id, run as never, { ...options, compensate: undoing as never });
  }

  /** What is done at a step, once it is known what it refers to. */
  private action(
    action: Action,
    field: string,
  ): (earlier: Earlier, context: unknown, input: unknown) => Promise<unknown> {
    const type = this.types.get(action.type);
    if (type === undefined) {
      const known = this.types.names.join(', ');
      throw new PipelineError(
        'step-type-unknown',
        within(field, 'type'),
        `there is no "${action.type}", only ${known}`,
      );
    }
    for (const need of type.needs ?? []) this.needs.add(need);
    const written = action.with ?? {};
    const at = within(field, 'with');
    checkParameters(type, written, at);
    return async (earlier, context, input) => {
      const parameters = parametersOf(type, evaluate(written, earlier), at);
      return await type.run(parameters as never, context as StepContext<S>, input);
    };
  }
}

function withOutput(earlier: Earlier, id: string, output: unknown): Earlier {
  const own = earlier.within();
  own.add(id, output);
  return own;
}

type Taking = Pick<StepType, 'parameters'>;

/** Checks parameters as they are written: those that are only known while a run goes on are checked then. */
function checkParameters({ parameters }: Taking, written: object, at: string): void {
  const [unknown] = parameters === undefined ? Object.keys(written) : [];
  if (unknown !== undefined) {
    throw new PipelineError('parameter-invalid', within(at, unknown), 'the type takes no parameters');
  }
  const result = parameters?.safeParse(written);
  if (result === undefined || result.success) return;
  const computed = computedFields(written);
  const issue = result.error.issues.find(({ path }) => !computed.some((field) => touches(field, path)));
  if (issue === undefined) return;
  const { field = '', message } = firstProblem({ issues: [issue] } as unknown as typeof result.error, written);
  throw new PipelineError('parameter-invalid', within(at, field), message, result.error);
}

/** Whether one of two paths is within the other. */
function touches(a: readonly string[], b: readonly PropertyKey[]): boolean {
  const shared = Math.min(a.length, b.length);
  return a.slice(0, shared).every((key, i) => key === String(b[i]));
}

function parametersOf({ parameters }: Taking, given: unknown, at: string): unknown {
  const result = parameters?.safeParse(given);
  if (result === undefined) return given;
  if (result.success) return result.data;
  const { field = '', message } = firstProblem(result.error, given);
  throw new StreamError('data-malformed', `${within(at, field)}: ${message}`, {
    field: within(at, field),
    cause: result.error,
  });
}

function optionsOf(step: WrittenStep): StepOptions<never, never, never> {
  const { input, output, streaming, publish, retry, timeout_ms: timeoutMs, max_output_bytes: maxOutputBytes } = step;
  const given = { input, output, streaming, publish, timeoutMs, maxOutputBytes, retry: retryOf(retry) };
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
}

function retryOf(retry: WrittenStep['retry']) {
  if (retry === undefined) return undefined;
  const { attempts, delay_ms: delayMs, max_delay_ms: maxDelayMs } = retry;
  return {
    attempts,
    ...(delayMs === undefined ? {} : { delayMs }),
    ...(maxDelayMs === undefined ? {} : { maxDelayMs }),
  };
}
