import type { Observable } from 'rxjs';
import { answer } from './answer.js';
import type { Dialect, Taken } from './dialect.js';
import type { LlmEvent, LlmFinishReason, LlmUsage } from './event.js';
import { type Fields, fieldsOf, known, numberOf, placeOf, plain, textOf, wordOf } from './fields.js';
import type { LlmOptions, LlmSource } from './llm.js';
import type { OpenPart } from './open-parts.js';
import type { OpenTool } from './open-tools.js';
import type { Transcript } from './transcript.js';
import { providerTrouble, Trouble } from './trouble.js';

/** The least an item of a stream of `client.responses.create({ stream: true })` is. */
export interface OpenAiResponsesEvent {
  readonly type: string;
}

/** Options of {@link fromOpenAiResponses}. */
export interface OpenAiResponsesOptions extends LlmOptions {
  /**
   * All events of the answer that were kept before we lost it, such as those a stream holds after a crash. What comes out
   * goes on behind them, nothing twice. See {@link attachment}.
   */
  readonly after?: readonly LlmEvent[];
}

/**
 * Reads answers of OpenAI Responses.
 *
 * **Emits** the events of {@link LlmEvent}, as they come, with the provider's `sequence`.
 * **Errors** with `LlmError` unless the provider has said that this was all, and when what it says at the end of a text or an
 * input is not what it has sent; with the pipeline's own errors.
 * **Completes** behind `finish`, at `response.completed` or `response.incomplete`, whether or not the connection stays open.
 * **Holds** one unfinished event, and the inputs of unfinished tools, `maxEventLength` each.
 *
 * @example
 * fromOpenAiResponses((signal) => client.responses.create({ model, input, stream: true }, { signal }))
 *   .subscribe((event) => event.type === 'text-delta' && write(event.delta));
 */
export function fromOpenAiResponses(
  source: LlmSource<OpenAiResponsesEvent>,
  options: OpenAiResponsesOptions = {},
): Observable<LlmEvent> {
  const { after = [] } = options;
  const create = (transcript: Transcript): Dialect => {
    const kept = transcript.recall(after);
    const sources = kept.filter((event) => event.type === 'source').length;
    return new OpenAiResponses(transcript, kept.at(-1)?.sequence ?? -1, sources);
  };
  return answer({ format: 'openai-responses', create }, source, options);
}

/** Where to go on with an answer that the provider still has. */
export interface Attachment {
  /** The provider's name for the answer. */
  readonly id: string;
  /** The last number we have all of. */
  readonly sequence: number;
}

/**
 * Where to go on behind events that were kept; `undefined` where the answer has ended, or the provider does not number.
 *
 * @example
 * const at = attachment(kept)!; // of a request with `background: true`
 * const rest$ = fromOpenAiResponses((signal) => client.responses.retrieve(
 *   at.id, { stream: true, starting_after: at.sequence }, { signal }), { after: kept });
 */
export function attachment(events: readonly LlmEvent[]): Attachment | undefined {
  let id: string | undefined;
  let sequence: number | undefined;
  for (const event of events) {
    if (event.type === 'start') id = event.id;
    if (event.sequence !== undefined) sequence = event.sequence;
    if (event.type === 'finish') return undefined;
  }
  return id === undefined || sequence === undefined ? undefined : { id, sequence };
}

const incomplete: Readonly<Record<string, LlmFinishReason>> = {
  max_output_tokens: 'length',
  max_tokens: 'length',
  content_filter: 'content-filter',
};

/** Tools the provider runs itself, by the type of their items. */
const providersTool =
  /^(?:web_search|file_search|code_interpreter|image_generation|mcp|computer|local_shell|shell|apply_patch)_call$/;

/** Of these, those whose input is for us to carry out. */
const oursToRun = /^(?:computer|local_shell|shell|apply_patch)_call$/;

/** Events that tell how far the provider is, and nothing else. */
const silent =
  /^response\.(?:content_part\.done|[a-z_]+_call\.(?:in_progress|searching|interpreting|generating|completed|failed)|mcp_list_tools\.\w+|reasoning_summary_part\.done|audio\.done|audio\.transcript\.done|refusal\.done)$/;

class OpenAiResponses implements Dialect {
  private last = false;

  constructor(
    private readonly transcript: Transcript,
    /** The last number that is known already. */
    private readonly behind: number,
    private sources: number,
  ) {}

  take(item: Fields): Taken {
    const sequence = numberOf(item['sequence_number']);
    if (sequence !== undefined && sequence <= this.behind) return 'known';
    let taken: Taken = 'unknown';
    this.transcript.number(sequence, () => {
      taken = this.takeEvent(textOf(item['type']), item);
    });
    return taken;
  }

  complete(): boolean {
    return this.last;
  }

  private takeEvent(type: string, item: Fields): Taken {
    switch (type) {
      case 'response.output_text.delta':
        return this.more(this.text(item), item['delta']);
      case 'response.reasoning_summary_text.delta':
      case 'response.reasoning_text.delta':
        return this.more(this.thought(item), item['delta']);
      case 'response.function_call_arguments.delta':
      case 'response.custom_tool_call_input.delta':
      case 'response.mcp_call_arguments.delta':
      case 'response.code_interpreter_call_code.delta':
        return this.moreInput(type, item);
      case 'response.created':
      case 'response.queued':
      case 'response.in_progress':
        return this.start(fieldsOf(item['response']));
      case 'response.output_item.added':
        return this.begin(fieldsOf(item['item']), placeOf(item['output_index']));
      case 'response.output_item.done':
        return this.end(fieldsOf(item['item']), placeOf(item['output_index']));
      case 'response.content_part.added':
        if (fieldsOf(item['part'])['type'] === 'output_text') this.text(item);
        return 'known';
      case 'response.reasoning_summary_part.added':
        this.thought(item);
        return 'known';
      case 'response.output_text.done':
        return this.closeText(item);
      case 'response.reasoning_summary_text.done':
      case 'response.reasoning_text.done':
        this.verify(this.thought(item), textOf(item['text']));
        return 'known';
      case 'response.function_call_arguments.done':
      case 'response.mcp_call_arguments.done':
        return this.inputDone(item, textOf(item['arguments']));
      case 'response.custom_tool_call_input.done':
        return this.inputDone(item, textOf(item['input']));
      case 'response.code_interpreter_call_code.done':
        return 'known';
      default:
        return this.takeOther(type, item);
    }
  }

  private takeOther(type: string, item: Fields): Taken {
    switch (type) {
      case 'response.output_text.annotation.added':
        return this.cite(fieldsOf(item['annotation']));
      case 'response.refusal.delta':
        this.transcript.say({ type: 'refusal-delta', delta: textOf(item['delta']) });
        return 'known';
      case 'response.audio.delta':
        this.transcript.say({ type: 'audio-delta', delta: textOf(item['delta']) });
        return 'known';
      case 'response.audio.transcript.delta':
        this.transcript.say({ type: 'audio-delta', delta: '', transcript: textOf(item['delta']) });
        return 'known';
      case 'response.completed':
      case 'response.incomplete':
        return this.finish(fieldsOf(item['response']), type === 'response.completed');
      case 'response.failed':
        this.use(fieldsOf(item['response']));
        throw providerTrouble(fieldsOf(item['response'])['error'] ?? 'the response failed');
      case 'response.cancelled':
        throw new Trouble('aborted', 'the response was cancelled');
      case 'error':
        throw providerTrouble(item);
      case 'keepalive':
        return 'alive';
      default:
        // What stands between OpenAI and us may fail in words of its own.
        if (type === '' && item['error'] !== undefined) throw providerTrouble(item['error']);
        return silent.test(type) ? 'known' : 'unknown';
    }
  }

  private start(response: Fields): Taken {
    this.transcript.start(wordOf(response['id']), wordOf(response['model']));
    return 'known';
  }

  /** Items are told apart by their place: proxies change their ids on the way. */
  private text(item: Fields): OpenPart {
    const id = `text-${placeOf(item['output_index'])}.${placeOf(item['content_index'])}`;
    return this.transcript.parts.open('text', id, 0, id);
  }

  private thought(item: Fields): OpenPart {
    const summary = numberOf(item['summary_index']);
    const place = summary ?? `content-${placeOf(item['content_index'])}`;
    const id = `reasoning-${placeOf(item['output_index'])}.${place}`;
    if (this.transcript.parts.get(id) === undefined) this.transcript.parts.closeAll(0, 'reasoning');
    return this.transcript.parts.open('reasoning', id, 0, id);
  }

  private more(part: OpenPart, delta: unknown): Taken {
    this.transcript.parts.append(part, textOf(delta));
    return 'known';
  }

  /** What is said at the end is all of it: it is compared, and stands in only where nothing came before. */
  private verify(part: OpenPart, text: string): void {
    if (part.length === 0) return this.transcript.parts.append(part, text);
    if (part.length === text.length || text === '') return;
    throw new Trouble('malformed', `${part.says.id} came with ${part.length} units and ends as ${text.length}`);
  }

  private closeText(item: Fields): Taken {
    const part = this.text(item);
    this.verify(part, textOf(item['text']));
    this.transcript.parts.close(part);
    return 'known';
  }

  private begin(item: Fields, index: number): Taken {
    const type = textOf(item['type']);
    const { transcript } = this;
    if (type === 'function_call' || type === 'custom_tool_call') {
      const free = type === 'custom_tool_call';
      const id = wordOf(item['call_id']) ?? wordOf(item['id']);
      const tool = transcript.tools.open(`${index}`, { id, name: wordOf(item['name']) ?? '', index, free });
      transcript.tools.append(tool, textOf(item['arguments']) || textOf(item['input']));
    } else if (providersTool.test(type)) {
      const name = wordOf(item['name']) ?? type.replace(/_call$/, '');
      const providerExecuted = !oursToRun.test(type);
      const id = (providerExecuted ? undefined : wordOf(item['call_id'])) ?? wordOf(item['id']);
      transcript.tools.open(`${index}`, { id, name, index, providerExecuted });
    }
    return 'known';
  }

  private moreInput(type: string, item: Fields): Taken {
    const tool = this.tool(item);
    if (tool === undefined) return 'unknown';
    // Code comes as it is, and becomes JSON when it is whole.
    if (type === 'response.code_interpreter_call_code.delta') return 'known';
    if (type === 'response.custom_tool_call_input.delta') tool.free = true;
    this.transcript.tools.append(tool, textOf(item['delta']));
    return 'known';
  }

  private tool(item: Fields): OpenTool | undefined {
    return this.transcript.tools.get(`${placeOf(item['output_index'])}`);
  }

  private inputDone(item: Fields, text: string): Taken {
    const tool = this.tool(item);
    if (tool !== undefined) this.settleInput(tool, text);
    return tool === undefined ? 'unknown' : 'known';
  }

  private settleInput(tool: OpenTool, text: string): void {
    if (tool.text === '') return this.transcript.tools.append(tool, text);
    if (text === '' || text === tool.text) return;
    throw new Trouble('malformed', `the input of ${tool.says.toolCallId} ends as another than it came`);
  }

  private end(item: Fields, index: number): Taken {
    const type = textOf(item['type']);
    if (type === 'reasoning') return this.endThought(item, index);
    const tool = this.transcript.tools.get(`${index}`);
    if (tool === undefined) return 'known';
    if (type === 'custom_tool_call') tool.free = true;
    if (providersTool.test(type)) return this.endProvidersTool(tool, type, item);
    this.settleInput(tool, textOf(item['arguments']) || textOf(item['input']));
    this.transcript.tools.end(tool);
    return 'known';
  }

  private endThought(item: Fields, index: number): Taken {
    const encrypted = wordOf(item['encrypted_content']);
    const { transcript } = this;
    const open = transcript.parts.last('reasoning');
    const part =
      open ??
      (encrypted === undefined
        ? undefined
        : transcript.parts.open('reasoning', `reasoning-${index}`, 0, `reasoning-${index}`));
    if (part === undefined) return 'known';
    part.signature = wordOf(item['id']);
    transcript.parts.close(part, encrypted);
    return 'known';
  }

  private endProvidersTool(tool: OpenTool, type: string, item: Fields): Taken {
    const { transcript } = this;
    const { action, queries, code, result, ...others } = item;
    if (tool.text === '') {
      const input = textOf(item['arguments']) || JSON.stringify(action ?? known({ queries, code }));
      transcript.tools.append(tool, input);
    }
    transcript.tools.end(tool);
    if (oursToRun.test(type)) return 'known';
    const { toolCallId, toolName } = tool.says;
    transcript.say({ type: 'tool-result', toolCallId, toolName, output: plain(others), providerExecuted: true });
    if (type !== 'image_generation_call' || typeof result !== 'string') return 'known';
    transcript.say({ type: 'file', mediaType: `image/${wordOf(item['output_format']) ?? 'png'}`, data: result });
    return 'known';
  }

  private cite(annotation: Fields): Taken {
    const [url, title] = [wordOf(annotation['url']), wordOf(annotation['title']) ?? wordOf(annotation['filename'])];
    const said = { ...(url === undefined ? {} : { url }), ...(title === undefined ? {} : { title }) };
    this.transcript.say({ type: 'source', id: `source-${this.sources++}`, ...said, raw: plain(annotation) });
    return 'known';
  }

  private finish(response: Fields, completed: boolean): Taken {
    this.use(response);
    const reason = wordOf(fieldsOf(response['incomplete_details'])['reason']) ?? '';
    if (completed) this.transcript.stop('stop', 'completed');
    else this.transcript.stop(incomplete[reason] ?? 'other', reason === '' ? 'incomplete' : reason);
    this.last = true;
    return 'last';
  }

  private use(response: Fields): void {
    const { usage } = response;
    if (typeof usage === 'object' && usage !== null) this.transcript.usage = usageOf(usage as Fields);
  }
}

function usageOf(usage: Fields): LlmUsage {
  return known<LlmUsage>({
    inputTokens: numberOf(usage['input_tokens']),
    outputTokens: numberOf(usage['output_tokens']),
    totalTokens: numberOf(usage['total_tokens']),
    reasoningTokens: numberOf(fieldsOf(usage['output_tokens_details'])['reasoning_tokens']),
    cachedInputTokens: numberOf(fieldsOf(usage['input_tokens_details'])['cached_tokens']),
    raw: plain(usage),
  });
}
