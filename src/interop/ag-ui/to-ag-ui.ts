import { catchError, of, type OperatorFunction, pipe, type Subscriber } from 'rxjs';
import { operate, Stage } from '../../../operators/operate.js';
import type { LlmErrorEvent, LlmFinish, LlmUsage, ToolResult } from '../../source/llm/event.js';
import { endEventOf, type LlmEvent } from '../../source/llm/llm.js';
import { plain } from '../../source/llm/fields.js';
import type { AgUiEvent, AgUiUsage } from './ag-ui-event.js';

/** Options of {@link toAgUi}: the ids are those of the request that is answered. */
export interface ToAgUiOptions {
  readonly threadId: string;
  readonly runId: string;
  /** What a reader is told of a failure. Default `An error occurred.`: a provider's words may give something away. */
  readonly errorText?: (error: LlmErrorEvent) => string;
}

/**
 * Makes a run of AG-UI 1.0 of the events of a model, as the verifier of `@ag-ui/client` wants it. Of several answers the first
 * is told. Sources, files and sound are `CUSTOM`, by the names of their events; a refusal is a message.
 *
 * A run whose model could not finish the input of a tool ends with `RUN_ERROR`, and that call has no end: readers run a tool
 * when its call ends.
 *
 * **Emits** events of AG-UI; a failure, also the source's own, as `RUN_ERROR`, being called off as a cancelled run.
 * **Errors** never.
 * **Completes** behind the last event, or with the source, which then was cut: `RUN_ERROR`.
 * **Holds** nothing.
 *
 * @example
 * fromOpenAiChat(ask).pipe(toAgUi({ threadId, runId }), map(writeAgUi));
 */
export function toAgUi(options: ToAgUiOptions): OperatorFunction<LlmEvent, AgUiEvent> {
  checkId('threadId', options.threadId);
  checkId('runId', options.runId);
  return pipe(
    catchError((error: unknown) => of<LlmEvent>(endEventOf(error))),
    operate((destination: Subscriber<AgUiEvent>) => new AgUiWriter(destination, options)),
  );
}

function checkId(name: string, id: unknown): void {
  if (typeof id !== 'string' || id === '') throw new TypeError(`${name} must be a text that says something`);
}

class AgUiWriter extends Stage<LlmEvent, AgUiEvent> {
  private begun = false;
  /** Messages that are open, with what each is. */
  private readonly open = new Map<string, 'TEXT' | 'REASONING'>();
  private readonly calls = new Set<string>();
  private results = 0;

  constructor(
    destination: Subscriber<AgUiEvent>,
    private readonly options: ToAgUiOptions,
  ) {
    super(destination);
  }

  protected override _next(event: LlmEvent): void {
    if ('choice' in event && event.choice !== undefined) return;
    if (event.type === 'keep-alive' || event.type === 'raw' || event.type === 'usage') return;
    this.begin();
    switch (event.type) {
      case 'start':
        return;
      case 'finish':
        return this.finish(event);
      case 'error':
        return this.trouble(event.trouble, this.options.errorText?.(event));
      case 'abort':
        return this.cancelled();
      default:
        this.tell(event);
    }
  }

  protected override _complete(): void {
    this.begin();
    this.trouble('truncated');
  }

  private say(event: AgUiEvent): void {
    if (!this.closed) this.destination.next(event);
  }

  private begin(): void {
    if (this.begun) return;
    this.begun = true;
    const { threadId, runId } = this.options;
    this.say({ type: 'RUN_STARTED', threadId, runId });
  }

  /** A message has its id in the whole thread, an event only in its answer. */
  private idOf(id: string): string {
    return `${this.options.runId}-${id}`;
  }

  private tell(event: LlmEvent): void {
    switch (event.type) {
      case 'text-start':
        return this.openMessage('TEXT', event.id);
      case 'reasoning-start':
        return this.openMessage('REASONING', event.id);
      case 'text-delta':
        return this.say({ type: 'TEXT_MESSAGE_CONTENT', messageId: this.idOf(event.id), delta: event.delta });
      case 'reasoning-delta':
        return this.say({ type: 'REASONING_MESSAGE_CONTENT', messageId: this.idOf(event.id), delta: event.delta });
      case 'text-end':
      case 'reasoning-end':
        return this.closeMessage(this.idOf(event.id));
      case 'refusal-delta':
        this.openMessage('TEXT', 'refusal');
        return this.say({ type: 'TEXT_MESSAGE_CONTENT', messageId: this.idOf('refusal'), delta: event.delta });
      case 'source':
      case 'file':
      case 'audio-delta':
        return this.say({ type: 'CUSTOM', name: event.type, value: plain(event) });
      default:
        this.tool(event);
    }
  }

  private openMessage(kind: 'TEXT' | 'REASONING', id: string): void {
    const messageId = this.idOf(id);
    if (this.open.has(messageId)) return;
    this.open.set(messageId, kind);
    if (kind === 'TEXT') return this.say({ type: 'TEXT_MESSAGE_START', messageId, role: 'assistant' });
    this.say({ type: 'REASONING_START', messageId });
    this.say({ type: 'REASONING_MESSAGE_START', messageId, role: 'reasoning' });
  }

  private closeMessage(messageId: string): void {
    const kind = this.open.get(messageId);
    this.open.delete(messageId);
    if (kind === 'TEXT') this.say({ type: 'TEXT_MESSAGE_END', messageId });
    if (kind !== 'REASONING') return;
    this.say({ type: 'REASONING_MESSAGE_END', messageId });
    this.say({ type: 'REASONING_END', messageId });
  }

  private tool(event: LlmEvent): void {
    switch (event.type) {
      case 'tool-input-start':
        this.calls.add(event.toolCallId);
        return this.say({ type: 'TOOL_CALL_START', toolCallId: event.toolCallId, toolCallName: event.toolName });
      case 'tool-input-delta':
        return this.say({ type: 'TOOL_CALL_ARGS', toolCallId: event.toolCallId, delta: event.delta });
      case 'tool-call':
        this.calls.delete(event.toolCallId);
        return this.say({ type: 'TOOL_CALL_END', toolCallId: event.toolCallId });
      case 'tool-result':
        return this.answered(event);
      default:
    }
  }

  private answered({ toolCallId, output }: ToolResult): void {
    const messageId = this.idOf(`result-${this.results++}`);
    const content = typeof output === 'string' ? output : JSON.stringify(output);
    this.say({ type: 'TOOL_CALL_RESULT', messageId, toolCallId, content });
  }

  private finish({ finishReason, usage }: LlmFinish): void {
    if (this.calls.size > 0) return this.trouble('tool-input', 'a tool was called with an input that is no JSON');
    this.closeMessages();
    const { threadId, runId } = this.options;
    this.say({
      type: 'RUN_FINISHED',
      threadId,
      runId,
      outcome: { type: 'success' },
      ...(usage === undefined ? {} : { usage: [usageOf(usage)] }),
      metadata: { finishReason },
    });
    this.over();
  }

  private cancelled(): void {
    if (this.calls.size > 0) return this.trouble('aborted', 'the run was called off');
    this.closeMessages();
    const { threadId, runId } = this.options;
    this.say({ type: 'RUN_FINISHED', threadId, runId, outcome: { type: 'cancelled' } });
    this.over();
  }

  private trouble(code: string, message = 'An error occurred.'): void {
    this.closeMessages();
    this.say({ type: 'RUN_ERROR', message, code });
    this.over();
  }

  private closeMessages(): void {
    for (const messageId of this.open.keys()) this.closeMessage(messageId);
  }

  private over(): void {
    if (!this.closed) super._complete();
  }
}

function usageOf(usage: LlmUsage): AgUiUsage {
  const figures: Partial<LlmUsage> = { ...usage };
  delete (figures as { raw?: unknown }).raw;
  return figures;
}
