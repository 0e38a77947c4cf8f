import { Subscription, tap } from 'rxjs';
import { StreamError } from '../chunk/index.js';
import type { Flow } from '../flow/index.js';
import { RunContext } from './context.js';
import { Live, type Output } from './live.js';
import { outcomeOf } from './outcome.js';
import { troubleOf } from './recorder.js';
import type { Publication } from './references.js';
import type { StepRun } from './run-step.js';
import { Stop } from './stop.js';
import { assembled, isStreamLike, type Paced, paced, StreamInput } from './streamed.js';
import { weightOf } from './weight.js';

/** @internal One attempt of a step. */
export class Attempt {
  private readonly stop = new Stop();
  private readonly context: RunContext;
  private readonly begunAt: number;
  private live: Live | undefined;
  private publication: Publication | undefined;

  constructor(
    private readonly step: StepRun,
    private readonly attempt: number,
  ) {
    const { stepId, scope } = step;
    const { recorder } = scope;
    this.context = new RunContext({ stepId, attempt, stop: this.stop, scope });
    this.begunAt = recorder.on ? recorder.now() : 0;
  }

  async run(): Promise<Output> {
    const { stepId, scope } = this.step;
    const { recorder } = scope;
    const { attempt } = this;
    const unlink = this.link();
    try {
      if (recorder.on) recorder.tell('step_start', stepId, { attempt });
      const begun = this.begun();
      if (begun !== undefined) await begun;
      const output = await this.work();
      const published = await this.publication?.complete();
      this.context.close();
      if (recorder.on) this.tellComplete(output, published);
      this.live?.complete();
      return { ...output, attempt, reference: published };
    } catch (error) {
      this.context.close();
      // Broken off because this process leaves, it has not failed.
      if (recorder.on && !scope.leaving.isWhy(error)) {
        recorder.tell('step_error', stepId, { attempt, ...troubleOf(error), duration_ms: this.lasted() });
      }
      this.publication?.fail(troubleOf(error).message);
      this.live?.fail(error);
      throw error;
    } finally {
      unlink();
    }
  }

  private lasted(): number {
    return this.step.scope.recorder.now() - this.begunAt;
  }

  /** Nothing begins before it is known to begin: somebody else may have the run. */
  private begun(): Promise<void> | undefined {
    // Before, so that nobody is left alone with a promise that fails.
    if (this.stop.stopped) throw this.stop.error;
    const kept = this.step.scope.recorder.kept();
    if (kept === undefined) return undefined;
    return this.stop.until<void>((resolve, reject) => {
      kept.then(resolve, reject);
      return () => {};
    });
  }

  private tellComplete({ value, pieces }: Output, published: string | undefined): void {
    const { stepId, scope } = this.step;
    const { recorder } = scope;
    const outcome = published === undefined ? outcomeOf(value, recorder.maxEventBytes) : { output: published };
    const isTold = pieces !== undefined && published === undefined && this.context.outputs.complete;
    recorder.tell('step_complete', stepId, {
      attempt: this.attempt,
      ...outcome,
      ...(isTold ? { pieces: pieces.length } : {}),
      duration_ms: this.lasted(),
    });
  }

  /** Stops with the run, and when the time is up. */
  private link(): () => void {
    const { scope, node } = this.step;
    const { timeoutMs } = node.options;
    const links = new Subscription(scope.stop.onStop((error) => this.stop.stop(error)));
    if (timeoutMs !== undefined) {
      const timeUp = (): void => {
        this.stop.stop(new StreamError('step-timeout', `step "${node.id}" took more than ${timeoutMs} ms`));
      };
      links.add(scope.scheduler.schedule(timeUp, timeoutMs));
    }
    return () => links.unsubscribe();
  }

  private async work(): Promise<Output> {
    const { node, earlier } = this.step;
    const answer = await this.stop.until<unknown>((resolve, reject) => {
      this.given()
        .then((input) => node.run(input as never, this.context as never, earlier))
        .then(resolve, reject);
      return () => {};
    });
    const { output } = node.options;
    if (isStreamLike(answer)) {
      const all = await this.collect(paced(answer));
      return output === 'value' ? { value: all.value } : all;
    }
    return output === 'stream' ? await this.collect(paced([answer])) : { value: answer };
  }

  /** What the step's function is called with. */
  private async given(): Promise<unknown> {
    const { node, input, scope } = this.step;
    const { references } = scope;
    if (input instanceof Live) {
      // What was given out once is not given out again: who begins anew waits for the whole.
      if (input.taken) return streamOf(paced(piecesOf(await input.settled)));
      input.taken = true;
      input.broken = (cause) => this.stop.stop(new StreamError('gap', 'its input broke off', { cause }));
      return streamOf(input);
    }
    if (node.options.input === 'stream') {
      return streamOf(references?.stream(input.value) ?? paced(piecesOf(input)));
    }
    return references === undefined ? input.value : await references.resolved(input.value);
  }

  private async collect({ items, flow }: Paced): Promise<Output> {
    const { node, scope, offer, stepId } = this.step;
    const { maxOutputBytes = 2 ** 24, assemble, output, publish } = node.options;
    const { recorder } = scope;
    const isTold = recorder.on && output !== 'value' && publish !== true;
    this.publication = publish === true ? scope.references?.publish(stepId, this.attempt) : undefined;
    const pace = flow === undefined ? undefined : this.pace(flow);
    const pieces: unknown[] = [];
    let bytes = 0;
    const take = (piece: unknown): void => {
      const weight = weightOf(piece, maxOutputBytes);
      bytes += weight;
      if (bytes > maxOutputBytes) {
        const message = `step "${node.id}" put out more than maxOutputBytes = ${maxOutputBytes} bytes`;
        throw new StreamError('overflow', message);
      }
      pieces.push(piece);
      if (isTold) this.context.outputs.add(piece, weight);
      this.publication?.next(piece);
      this.live?.next(piece);
      pace?.();
    };
    await this.stop.until<void>((resolve, reject) => {
      const subscription = new Subscription();
      const start = (): void => {
        if (subscription.closed) return;
        subscription.add(items.pipe(tap(take)).subscribe({ error: reject, complete: () => resolve() }));
      };
      this.live = output === 'value' ? undefined : offer?.(flow, start);
      if (this.live === undefined) start();
      return () => subscription.unsubscribe();
    });
    return { value: assembled(pieces, assemble), pieces };
  }

  /** Stops the source while what it put out waits to be kept. */
  private pace(flow: Flow): () => void {
    const { recorder } = this.step.scope;
    const lane = flow.lane({ name: 'events of a run', window: 1 });
    this.stop.onStop(() => lane.close());
    return () => {
      const behind = this.publication?.behind() ?? recorder.behind();
      if (behind === undefined || lane.held > 0) return;
      lane.hold();
      const release = (): void => {
        if (lane.held > 0) lane.release();
      };
      behind.then(release, release);
    };
  }
}

function streamOf({ items, flow }: Paced): StreamInput<unknown> {
  return new StreamInput(items, flow);
}

function piecesOf({ pieces, value }: Output): readonly unknown[] {
  return pieces ?? [value];
}
