import { catchError, of, type OperatorFunction, pipe, type Subscriber } from 'rxjs';
import { operate, Stage } from '../../../operators/operate.js';
import type { JsonObject } from '../../chunk/index.js';
import type { LlmErrorEvent, LlmFinish, LlmOrigin, LlmStart, ToolInputError } from '../../source/llm/event.js';
import { endEventOf, type LlmEvent } from '../../source/llm/llm.js';
import type { UiMessageChunk, UiProviderMetadata } from './ui-chunk.js';

/** Options of {@link toUiMessage}. */
export interface ToUiMessageOptions {
  /** Id of the message. Default: none, and the reader gives one of its own. */
  readonly messageId?: string;
  /** What a reader is told of a failure. Default `An error occurred.`: a provider's words may give something away. */
  readonly errorText?: (error: LlmErrorEvent) => string;
  /** What the message is to carry, said at its start and at its end. Default: nothing. */
  readonly metadata?: (event: LlmStart | LlmFinish) => JsonObject | undefined;
}

/**
 * Makes a UI message stream of the AI SDK, version 1, of the events of a model: only chunks that every version from 5 on
 * reads, and no chunk of a part that is not open. Of several answers the first is told; sound is not, a refusal is text.
 *
 * **Emits** chunks, as the events come; a failure, also the source's own, as `error` or `abort`, so that readers hear of it.
 * **Errors** never.
 * **Completes** behind the last event, or with the source, which then was cut: `error`.
 * **Holds** the inputs of tools that turned out to be no JSON, until it is known why the model stopped.
 *
 * @example
 * fromOpenAiChat(ask).pipe(toUiMessage(), map((chunk) => writeUiChunk(chunk)));
 */
export function toUiMessage(options: ToUiMessageOptions = {}): OperatorFunction<LlmEvent, UiMessageChunk> {
  return pipe(
    catchError((error: unknown) => of<LlmEvent>(endEventOf(error))),
    operate((destination: Subscriber<UiMessageChunk>) => new UiWriter(destination, options)),
  );
}

/** Who gets back what a provider wants back with a part, and under what name. */
const backs: Partial<Record<LlmOrigin, readonly [provider: string, field: string]>> = {
  anthropic: ['anthropic', 'signature'],
  gemini: ['google', 'thoughtSignature'],
};

const refusalId = 'refusal';

class UiWriter extends Stage<LlmEvent, UiMessageChunk> {
  private begun = false;
  private origin: LlmOrigin | undefined;
  /** Parts that are open, with the type of chunk that ends each. */
  private readonly open = new Map<string, 'text-end' | 'reasoning-end'>();
  /** What a model could not finish is no mistake of its own. */
  private readonly refused: ToolInputError[] = [];

  constructor(
    destination: Subscriber<UiMessageChunk>,
    private readonly options: ToUiMessageOptions,
  ) {
    super(destination);
  }

  protected override _next(event: LlmEvent): void {
    if ('choice' in event && event.choice !== undefined) return;
    switch (event.type) {
      case 'start':
        return this.begin(event);
      case 'finish':
        return this.finish(event);
      case 'error':
        return this.trouble(event);
      case 'abort':
        this.begin();
        this.say({ type: 'abort' });
        return this.over();
      case 'keep-alive':
      case 'raw':
      case 'usage':
        return;
      default:
        this.begin();
        this.tell(event);
    }
  }

  protected override _complete(): void {
    this.trouble();
  }

  protected override release(): void {
    this.refused.length = 0;
  }

  private say(chunk: UiMessageChunk): void {
    if (!this.closed) this.destination.next(chunk);
  }

  private over(): void {
    if (!this.closed) super._complete();
  }

  private begin(start?: LlmStart): void {
    if (this.begun) return;
    this.begun = true;
    this.origin = start?.format;
    const { messageId, metadata } = this.options;
    const messageMetadata = start === undefined ? undefined : metadata?.(start);
    this.say({
      type: 'start',
      ...(messageId === undefined ? {} : { messageId }),
      ...(messageMetadata === undefined ? {} : { messageMetadata }),
    });
    this.say({ type: 'start-step' });
  }

  private tell(event: LlmEvent): void {
    switch (event.type) {
      case 'text-start':
      case 'reasoning-start':
        this.open.set(event.id, event.type === 'text-start' ? 'text-end' : 'reasoning-end');
        return this.say({ type: event.type, id: event.id });
      case 'text-delta':
      case 'reasoning-delta':
        return this.say({ type: event.type, id: event.id, delta: event.delta });
      case 'text-end':
      case 'reasoning-end':
        this.open.delete(event.id);
        return this.say({ type: event.type, id: event.id, ...this.kept(event) });
      case 'refusal-delta':
        return this.refuse(event.delta);
      case 'source':
        if (event.url !== undefined) this.cite(event.id, event.url, event.title);
        return;
      case 'file':
        return this.say({
          type: 'file',
          url: `data:${event.mediaType};base64,${event.data}`,
          mediaType: event.mediaType,
        });
      default:
        this.tool(event);
    }
  }

  private refuse(delta: string): void {
    if (!this.open.has(refusalId)) {
      this.open.set(refusalId, 'text-end');
      this.say({ type: 'text-start', id: refusalId });
    }
    this.say({ type: 'text-delta', id: refusalId, delta });
  }

  private cite(sourceId: string, url: string, title: string | undefined): void {
    this.say({ type: 'source-url', sourceId, url, ...(title === undefined ? {} : { title }) });
  }

  private tool(event: LlmEvent): void {
    switch (event.type) {
      case 'tool-input-start':
        return this.say({ type: 'tool-input-start', ...callOf(event) });
      case 'tool-input-delta':
        return this.say({
          type: 'tool-input-delta',
          toolCallId: event.toolCallId,
          inputTextDelta: event.delta,
        });
      case 'tool-call':
        return this.say({ type: 'tool-input-available', ...callOf(event), input: event.input, ...this.kept(event) });
      case 'tool-input-error':
        this.refused.push(event);
        return;
      case 'tool-result': {
        const { toolCallId, output, providerExecuted } = event;
        const said = providerExecuted === undefined ? {} : { providerExecuted };
        return this.say({ type: 'tool-output-available', toolCallId, output, ...said });
      }
      default:
    }
  }

  /** What the provider wants back is kept where the SDK looks for it. */
  private kept(event: { readonly signature?: string; readonly encrypted?: string }): {
    providerMetadata?: UiProviderMetadata;
  } {
    const [provider, field] = (this.origin === undefined ? undefined : backs[this.origin]) ?? [];
    if (provider === undefined || field === undefined) return {};
    const { signature, encrypted } = event;
    if (signature !== undefined) return { providerMetadata: { [provider]: { [field]: signature } } };
    if (encrypted === undefined || provider !== 'anthropic') return {};
    return { providerMetadata: { anthropic: { redactedData: encrypted } } };
  }

  private finish(event: LlmFinish): void {
    this.begin();
    this.closeParts();
    // Where the model was stopped, the calls it was writing stay as they are: unfinished.
    if (event.finishReason !== 'length') for (const refused of this.refused) this.say(inputErrorOf(refused));
    this.say({ type: 'finish-step' });
    const messageMetadata = this.options.metadata?.(event);
    this.say({
      type: 'finish',
      finishReason: event.finishReason,
      ...(messageMetadata === undefined ? {} : { messageMetadata }),
    });
    this.over();
  }

  /** @param error - none when the events just end */
  private trouble(error: LlmErrorEvent = cut): void {
    this.begin();
    this.say({ type: 'error', errorText: this.options.errorText?.(error) ?? maskedError });
    this.closeParts();
    this.say({ type: 'finish-step' });
    this.say({ type: 'finish', finishReason: 'error' });
    this.over();
  }

  private closeParts(): void {
    for (const [id, type] of this.open) this.say({ type, id });
    this.open.clear();
  }
}

/** What a reader is told of a failure whose words are nobody's business. */
export const maskedError = 'An error occurred.';

const cut: LlmErrorEvent = {
  type: 'error',
  trouble: 'truncated',
  message: 'the events end before the answer does',
  retryable: true,
  partial: { textLength: 0, reasoningLength: 0, toolCalls: 0 },
};

interface Call {
  readonly toolCallId: string;
  readonly toolName: string;
  readonly providerExecuted?: true;
}

function callOf({ toolCallId, toolName, providerExecuted }: Call): Call {
  return { toolCallId, toolName, ...(providerExecuted === undefined ? {} : { providerExecuted }) };
}

function inputErrorOf(refused: ToolInputError): UiMessageChunk {
  const { inputText: input, message: errorText } = refused;
  return { type: 'tool-input-error', ...callOf(refused), input, errorText };
}
