import { StreamError } from '../chunk/index.js';
import type { Flow } from '../flow/index.js';
import type { Earlier } from './earlier.js';
import { Live, type Output } from './live.js';
import { runStep, type Scope } from './run-step.js';
import type { BranchNode, MapNode, ParallelNode, PipelineNode, SequenceNode, StepNode } from './step.js';
import type { Deed } from './undo.js';

/**
 * One life of a run: walks through a pipeline. Steps that an earlier life has finished are not run again.
 *
 * @internal
 */
export class Execution {
  /** What finished steps did that can be undone, in the order they finished. */
  readonly deeds: Deed[] = [];

  constructor(private readonly scope: Scope) {}

  /** Walks a pipeline to its end. When it rejects, all that was at work has stopped. */
  async walk(root: SequenceNode, input: unknown, earlier?: Earlier): Promise<Output> {
    return await this.sequence(root, '', { value: input }, earlier);
  }

  /** A part of the pipeline that has parts, to its end. */
  private async part(
    node: Exclude<PipelineNode, StepNode>,
    path: string,
    input: Output,
    earlier: Earlier | undefined,
  ): Promise<Output> {
    const inner = `${path}${node.id}/`;
    switch (node.kind) {
      case 'parallel':
        return await this.parallel(node, inner, input, earlier);
      case 'branch':
        return await this.branch(node, inner, input, earlier);
      case 'map':
        return await this.map(node, inner, input, earlier);
    }
  }

  private async sequence(
    { nodes }: SequenceNode,
    path: string,
    input: Output,
    earlier: Earlier | undefined,
  ): Promise<Output> {
    const streaming: { readonly id: string; readonly live: Live }[] = [];
    const settled = async (): Promise<void> => {
      for (const { id, live } of streaming) {
        // Perhaps nobody has read it: all the same it is part of the run.
        live.begin();
        const { value } = await live.settled;
        earlier?.add(id, value);
      }
    };
    let output: Output | Live = input;
    try {
      for (const [index, node] of nodes.entries()) {
        // Whoever refers to what was put out before must find it there.
        if (earlier !== undefined && !reads(node)) await settled();
        output =
          node.kind === 'step'
            ? await this.step(node, path + node.id, output, earlier, reads(nodes[index + 1]))
            : await this.part(node, path, output as Output, earlier);
        if (output instanceof Live) streaming.push({ id: node.id, live: output });
        else earlier?.add(node.id, output.value);
      }
      await settled();
      return output as Output;
    } catch (error) {
      // What was to be read by a step that does not begin here is part of the run all the same.
      if (this.scope.leaving.isWhy(error)) for (const { live } of streaming) live.begin();
      return await this.failed(
        error,
        streaming.map(({ live }) => live.settled),
      );
    }
  }

  /** One part has failed: the others are stopped, and waited for. Where only this process leaves they may finish, or fail by themselves. */
  private async failed(cause: unknown, others: readonly Promise<unknown>[]): Promise<never> {
    const { stop, leaving } = this.scope;
    if (!leaving.isWhy(cause)) stop.stop(cause);
    let why = cause;
    for (const outcome of await Promise.allSettled(others)) {
      if (leaving.isWhy(why) && outcome.status === 'rejected') why = outcome.reason;
    }
    throw why;
  }

  /** A step; what it puts out while it does, when the next one reads that. */
  private async step(
    node: StepNode,
    stepId: string,
    input: Output | Live,
    earlier: Earlier | undefined,
    isRead: boolean,
  ): Promise<Output | Live> {
    const finished = (output: Output): Output => {
      if (node.options.compensate === undefined) return output;
      const given = input instanceof Live ? undefined : input.value;
      this.deeds.push({ node, stepId, attempt: output.attempt!, input: given, output: output.value, earlier });
      return output;
    };
    const known = await this.known(node, stepId);
    if (known !== undefined) return finished(known);
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
      earlier,
      scope: this.scope,
      offer: isRead ? (flow, start) => offer?.(flow, start) : undefined,
    }).then(finished);
    // Who has the stream hears of it there, or at the end of the sequence.
    settled.catch(() => {});
    return isRead ? await Promise.race([opened, settled]) : await settled;
  }

  /** What an earlier life has made of a step. */
  private async known(node: StepNode, stepId: string): Promise<Output | undefined> {
    const { journal, references } = this.scope;
    const output = journal.finished(stepId, node.options.assemble);
    if (output === undefined || node.options.publish !== true || references === undefined) return output;
    return { ...output, value: await references.resolved(output.value), reference: output.value as string };
  }

  private async parallel(
    { branches }: ParallelNode,
    path: string,
    input: Output,
    earlier: Earlier | undefined,
  ): Promise<Output> {
    const answers = await this.all(
      branches.map(async ([key, parts]) => {
        const { value } = await this.sequence(parts, `${path}${key}/`, input, earlier?.within());
        return [key, value] as const;
      }),
    );
    return { value: Object.fromEntries(answers) };
  }

  private async all<T>(parts: readonly Promise<T>[]): Promise<T[]> {
    try {
      return await Promise.all(parts);
    } catch (cause) {
      return await this.failed(cause, parts);
    }
  }

  private async branch(
    { id, when, yes, no }: BranchNode,
    path: string,
    input: Output,
    earlier: Earlier | undefined,
  ): Promise<Output> {
    const answer: unknown = when(input.value as never, earlier);
    if (typeof answer !== 'boolean') {
      throw new StreamError('callback-failed', `when of branch "${id}" must answer true or false`);
    }
    const way = `${path}${answer ? 'then' : 'else'}/`;
    return await this.sequence(answer ? yes : no, way, { value: input.value }, earlier?.within());
  }

  private async map(
    { id, list, each, concurrency }: MapNode,
    path: string,
    input: Output,
    earlier: Earlier | undefined,
  ): Promise<Output> {
    const value: unknown = list === undefined ? input.value : list(input.value, earlier);
    if (!Array.isArray(value)) throw new StreamError('data-malformed', `map "${id}" must be given a list`);
    const answers = new Array<unknown>(value.length);
    let next = 0;
    const work = async (): Promise<void> => {
      while (next < value.length) {
        const index = next++;
        const item = { value: value[index] as unknown, index };
        answers[index] = (await this.sequence(each, `${path}${index}/`, item, earlier?.within(item))).value;
      }
    };
    await this.all(Array.from({ length: Math.min(concurrency, value.length) }, work));
    return { value: answers };
  }
}

/** Whether a part of a pipeline is at work on what the one before it has not finished. */
function reads(node: PipelineNode | undefined): boolean {
  return node?.kind === 'step' && node.options.input === 'stream';
}
