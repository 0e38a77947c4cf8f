import type { OperatorFunction, Subscriber } from 'rxjs';
import { operate, Stage } from '../../../operators/operate.js';
import { checkBound, type JsonValue, StreamError } from '../../chunk/index.js';
import { createPartialJson, type PartialJson } from '../../format/partial-json.js';
import type { LlmEvent, ToolInputStart } from './event.js';

/** Options of {@link toolInputs}. */
export interface ToolInputsOptions {
  /** Most inputs that are unfinished at the same time. One more fails the stream. Default 64. */
  readonly maxTools?: number;
}

/** The input of a tool, as far as it has come. */
export interface ToolInputView {
  readonly toolCallId: string;
  readonly toolName: string;
  /**
   * `growing`: for the eye only; `ready`: whole, the one status on which a tool may be run; `invalid`: it has ended and is no
   * JSON; `cut`: the answer has ended before it.
   */
  readonly status: 'growing' | 'ready' | 'invalid' | 'cut';
  /** What is certain of it. While it is `growing` it is the one value that grows: look when you get it, or copy it. */
  readonly value: JsonValue | undefined;
  /** What is new of its text. */
  readonly delta: string;
}

/**
 * Shows the inputs of tools while a model writes them.
 *
 * - **Emits** a view when a tool begins, when its input has grown, and when it is whole, refused or cut off. What the provider
 *   runs itself is shown like the others.
 * - **Errors** with `overflow` on more than `maxTools` at the same time; with the source, behind the views of what it cuts.
 * - **Completes** with the source.
 * - **Holds** the unfinished inputs.
 *
 * @example
 * // source          -a-b-c-|   a: tool-input-start  b: tool-input-delta '{"city":"Flor'  c: tool-call
 * // toolInputs()    -x-y-z-|   y: { value: { city: 'Flor' }, status: 'growing' }  z: 'ready'
 * answer$.pipe(toolInputs(), filter(({ status }) => status === 'ready')).subscribe(({ toolName, value }) => run(toolName, value));
 */
export function toolInputs(options: ToolInputsOptions = {}): OperatorFunction<LlmEvent, ToolInputView> {
  const maxTools = checkBound('maxTools', options.maxTools ?? 64);
  return operate((destination) => new ToolInputs(destination, maxTools));
}

class ToolInputs extends Stage<LlmEvent, ToolInputView> {
  private readonly open = new Map<string, { readonly start: ToolInputStart; readonly json: PartialJson }>();

  constructor(
    destination: Subscriber<ToolInputView>,
    private readonly maxTools: number,
  ) {
    super(destination);
  }

  protected override _next(event: LlmEvent): void {
    switch (event.type) {
      case 'tool-input-start':
        return this.begin(event);
      case 'tool-input-delta':
        return this.grow(event.toolCallId, event.delta);
      case 'tool-call':
        return this.end(event.toolCallId, 'ready', event.input);
      case 'tool-input-error':
        return this.end(event.toolCallId, 'invalid');
      default:
    }
  }

  protected override _error(error: unknown): void {
    this.cut();
    if (!this.closed) super._error(error);
  }

  protected override _complete(): void {
    this.cut();
    if (!this.closed) super._complete();
  }

  protected override release(): void {
    this.open.clear();
  }

  private begin(start: ToolInputStart): void {
    if (this.open.size >= this.maxTools) {
      const message = `toolInputs: more than maxTools = ${this.maxTools} inputs are unfinished`;
      return this.fail(new StreamError('overflow', message, { operator: 'toolInputs' }));
    }
    this.open.set(start.toolCallId, { start, json: createPartialJson() });
    this.show(start, 'growing', undefined, '');
  }

  private grow(toolCallId: string, delta: string): void {
    const tool = this.open.get(toolCallId);
    if (tool === undefined) return;
    tool.json.push(delta);
    this.show(tool.start, 'growing', tool.json.value, delta);
  }

  private end(toolCallId: string, status: 'ready' | 'invalid' | 'cut', input?: JsonValue): void {
    const tool = this.open.get(toolCallId);
    if (tool === undefined) return;
    this.open.delete(toolCallId);
    this.show(tool.start, status, status === 'ready' ? input : tool.json.value, '');
  }

  private cut(): void {
    for (const id of [...this.open.keys()]) if (!this.closed) this.end(id, 'cut');
  }

  private show(
    { toolCallId, toolName }: ToolInputStart,
    status: ToolInputView['status'],
    value: JsonValue | undefined,
    delta: string,
  ): void {
    this.destination.next({ toolCallId, toolName, status, value, delta });
  }
}
