import { StreamError } from '../chunk/index.js';
import type { Flow } from '../flow/index.js';
import { RunContext } from './context.js';
import { Live, type Output } from './live.js';
import { troubleOf } from './recorder.js';
import { runStep, type Scope } from './run-step.js';
import type { BranchNode, MapNode, ParallelNode, PipelineNode, SequenceNode, StepNode } from './step.js';

/** What a finished step would do to undo what it did. */
interface Undo {
  readonly node: StepNode;
  readonly stepId: string;
  readonly input: unknown;
  readonly output: unknown;
}

/**
 * One life of a run: walks through a pipeline. Steps that an earlier life has finished are not run again.
 *
 * @internal
 */
export class Execution {
  private readonly done: Undo[] = [];

  constructor(private readonly scope: Scope) {}

  /** Walks a pipeline to its end. */
  async walk(root: SequenceNode, input: unknown): Promise<unknown> {
    return (await this.whole(root, '', { value: input })).value;
  }

  /** Undoes what finished steps did, the latest first. What fails at that does not keep the others from it. */
  async undo(scope: Scope): Promise<void> {
    const { recorder, journal } = scope;
    for (const { node, stepId, input, output } of this.done.toReversed()) {
      if (journal.isCompensated(stepId)) continue;
      const begunAt = recorder.now();
      const attempt = journal.attempts(stepId) + 1;
      const { signal, services, inbox } = scope;
      const restored = journal.state(stepId);
      const context = new RunContext({ stepId, attempt, signal, services, restored, recorder, inbox });
      try {
        await node.options.compensate!(output as never, context as never, input as never);
        context.close();
        recorder.tell('step_compensated', stepId, { duration_ms: recorder.now() - begunAt });
      } catch (error) {
        context.close();
        const { message, ...rest } = troubleOf(error);
        const trouble = { message: `it could not be undone: ${message}`, ...rest };
        recorder.tell('step_error', stepId, { attempt, ...trouble, duration_ms: recorder.now() - begunAt });
      }
    }
  }

  /** A part of the pipeline, to its end. */
  private async whole(node: PipelineNode, path: string, input: Output): Promise<Output> {
    switch (node.kind) {
      case 'step':
        return (await this.step(node, path + node.id, input, false)) as Output;
      case 'sequence':
        return await this.sequence(node, path, input);
      case 'parallel':
        return await this.parallel(node, `${path}${node.id}/`, input);
      case 'branch':
        return await this.branch(node, `${path}${node.id}/`, input);
      case 'map':
        return await this.map(node, `${path}${node.id}/`, input);
    }
  }

  private async sequence({ nodes }: SequenceNode, path: string, input: Output): Promise<Output> {
    const streaming: Live[] = [];
    let output: Output | Live = input;
    for (const [index, node] of nodes.entries()) {
      const next = nodes[index + 1];
      const isRead = next?.kind === 'step' && next.options.input === 'stream';
      output =
        node.kind === 'step'
          ? await this.step(node, path + node.id, output, isRead)
          : await this.whole(node, path, output as Output);
      if (output instanceof Live) streaming.push(output);
    }
    for (const live of streaming) {
      // Perhaps nobody has read it: all the same it is part of the run.
      live.begin();
      await live.settled;
    }
    return output as Output;
  }

  /** A step; what it puts out while it does, when the next one reads that. */
  private async step(node: StepNode, stepId: string, input: Output | Live, isRead: boolean): Promise<Output | Live> {
    const known = this.scope.journal.finished(stepId);
    if (known !== undefined) {
      this.finished(node, stepId, input, known);
      return known;
    }
    let offer: ((flow: Flow | undefined, start: () => void) => Live) | undefined;
    const opened = new Promise<Live>((resolve) => {
      offer = (flow, start) => {
        // Later attempts are for the whole: the next step has its stream, and has lost it.
        offer = undefined;
        const live = new Live(flow, start, settled);
        resolve(live);
        return live;
      };
    });
    const settled = runStep({
      node,
      stepId,
      input,
      scope: this.scope,
      offer: isRead ? (flow, start) => offer?.(flow, start) : undefined,
    }).then((output) => {
      this.finished(node, stepId, input, output);
      return output;
    });
    // Who has the stream hears of it there, or at the end of the sequence.
    settled.catch(() => {});
    return isRead ? await Promise.race([opened, settled]) : await settled;
  }

  private finished(node: StepNode, stepId: string, input: Output | Live, { value }: Output): void {
    if (node.options.compensate === undefined) return;
    this.done.push({ node, stepId, input: input instanceof Live ? undefined : input.value, output: value });
  }

  private async parallel({ branches }: ParallelNode, path: string, input: Output): Promise<Output> {
    const answers = await Promise.all(
      branches.map(async ([key, node]) => [key, (await this.whole(node, `${path}${key}/`, input)).value] as const),
    );
    return { value: Object.fromEntries(answers) };
  }

  private async branch({ id, when, yes, no }: BranchNode, path: string, input: Output): Promise<Output> {
    const answer: unknown = when(input.value as never);
    if (typeof answer !== 'boolean')
      throw new StreamError('callback-failed', `when of branch "${id}" must answer true or false`);
    return await this.whole(answer ? yes : no, `${path}${answer ? 'then' : 'else'}/`, { value: input.value });
  }

  private async map({ id, each, concurrency }: MapNode, path: string, { value }: Output): Promise<Output> {
    if (!Array.isArray(value)) throw new StreamError('data-malformed', `map "${id}" must be given a list`);
    const answers = new Array<unknown>(value.length);
    let next = 0;
    const work = async (): Promise<void> => {
      while (next < value.length && !this.scope.signal.aborted) {
        const index = next++;
        answers[index] = (await this.whole(each, `${path}${index}/`, { value: value[index] })).value;
      }
    };
    await Promise.all(Array.from({ length: Math.min(concurrency, value.length) }, work));
    return { value: answers };
  }
}
