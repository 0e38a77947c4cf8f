import type { Observable } from 'rxjs';
import { answer } from './answer.js';
import type { Dialect, Taken } from './dialect.js';
import type { LlmEvent, LlmFinishReason, LlmUsage } from './event.js';
import { type Fields, fieldsOf, known, numberOf, placeOf, plain, textOf, wordOf } from './fields.js';
import type { LlmOptions, LlmSource } from './llm.js';
import type { OpenPart } from './open-parts.js';
import type { OpenTool } from './open-tools.js';
import type { Transcript } from './transcript.js';
import { providerTrouble } from './trouble.js';

/** The least an item of a stream of `client.messages.create({ stream: true })` is. */
export interface AnthropicEvent {
  readonly type: string;
}

/**
 * Reads answers of Anthropic Messages.
 *
 * **Emits** the events of {@link LlmEvent}, as they come.
 * **Errors** with `LlmError` unless the provider has said that this was all; with the pipeline's own errors.
 * **Completes** behind `finish`, at `message_stop`, whether or not the connection stays open.
 * **Holds** one unfinished event, and the inputs of unfinished tools, `maxEventLength` each.
 *
 * @example
 * fromAnthropic((signal) => client.messages.create({ model, max_tokens, messages, stream: true }, { signal }))
 *   .subscribe((event) => event.type === 'text-delta' && write(event.delta));
 */
export function fromAnthropic(source: LlmSource<AnthropicEvent>, options: LlmOptions = {}): Observable<LlmEvent> {
  return answer({ format: 'anthropic', shorthand, create: (transcript) => new Anthropic(transcript) }, source, options);
}

const usualDelta =
  // eslint-disable-next-line no-control-regex -- JSON forbids them within texts
  /^\{"type":"content_block_delta","index":(\d{1,4}),"delta":\{"type":"(text|thinking)_delta","\2":"([^"\\\u0000-\u001f]*)"\} *\} *$/;

/** More of a text or a thought, without anything that is escaped. */
function shorthand(json: string): object | undefined {
  const found = usualDelta.exec(json);
  if (found === null) return undefined;
  const [, index, kind = '', piece = ''] = found;
  const of = kind === 'text' ? { type: 'text_delta', text: piece } : { type: 'thinking_delta', thinking: piece };
  return { type: 'content_block_delta', index: Number(index), delta: of };
}

const reasons: Readonly<Record<string, LlmFinishReason>> = {
  end_turn: 'stop',
  stop_sequence: 'stop',
  max_tokens: 'length',
  model_context_window_exceeded: 'length',
  tool_use: 'tool-calls',
  refusal: 'content-filter',
};

class Anthropic implements Dialect {
  private usage: Fields = {};
  /** Names of tools the provider runs itself, by call. */
  private readonly names = new Map<string, string>();
  private sources = 0;
  private last = false;

  constructor(private readonly transcript: Transcript) {}

  take(item: Fields): Taken {
    switch (item['type']) {
      case 'content_block_delta':
        return this.takeDelta(`${placeOf(item['index'])}`, fieldsOf(item['delta']));
      case 'content_block_start':
        return this.begin(`${placeOf(item['index'])}`, fieldsOf(item['content_block']));
      case 'content_block_stop':
        return this.stop(`${placeOf(item['index'])}`);
      case 'message_start':
        return this.start(fieldsOf(item['message']));
      case 'message_delta':
        return this.changed(fieldsOf(item['delta']), item['usage']);
      case 'message_stop':
        this.last = this.transcript.stopped(0);
        return this.last ? 'last' : 'known';
      case 'ping':
        return 'alive';
      case 'error':
        throw providerTrouble(item);
      default:
        // What stands between Anthropic and us may fail in words of its own.
        if (item['type'] === undefined && item['error'] !== undefined) throw providerTrouble(item['error']);
        return 'unknown';
    }
  }

  complete(): boolean {
    return this.last;
  }

  private start(message: Fields): Taken {
    this.transcript.start(wordOf(message['id']), wordOf(message['model']));
    this.use(message['usage']);
    return 'known';
  }

  private changed(delta: Fields, usage: unknown): Taken {
    this.use(usage);
    const reason = wordOf(delta['stop_reason']);
    if (reason !== undefined) this.transcript.stop(reasons[reason] ?? 'other', reason);
    return 'known';
  }

  private begin(key: string, block: Fields): Taken {
    const type = textOf(block['type']);
    const { transcript } = this;
    if (type === 'text') {
      transcript.parts.append(transcript.parts.open('text', key, 0, `text-${key}`), textOf(block['text']));
    } else if (type === 'thinking') {
      transcript.parts.append(this.thought(key), textOf(block['thinking']));
    } else if (type === 'redacted_thinking') {
      transcript.parts.close(this.thought(key), wordOf(block['data']));
    } else if (type.endsWith('tool_use')) {
      this.beginTool(key, block, type !== 'tool_use');
    } else if (type.endsWith('tool_result')) {
      this.result(block);
    } else {
      return 'unknown';
    }
    return 'known';
  }

  private thought(key: string): OpenPart {
    return this.transcript.parts.open('reasoning', key, 0, `reasoning-${key}`);
  }

  private beginTool(key: string, block: Fields, providerExecuted: boolean): void {
    const [id, name] = [wordOf(block['id']), wordOf(block['name']) ?? ''];
    if (providerExecuted && id !== undefined) this.names.set(id, name);
    const tool = this.transcript.tools.open(key, { id, name, index: Number(key), providerExecuted });
    // Usually empty, and followed by the input in pieces. Some servers have it whole.
    const input = fieldsOf(block['input']);
    if (Object.keys(input).length > 0) this.transcript.tools.append(tool, JSON.stringify(input));
  }

  private result(block: Fields): void {
    const toolCallId = textOf(block['tool_use_id']);
    const toolName = this.names.get(toolCallId) ?? textOf(block['type']).replace(/_tool_result$/, '');
    const output = plain(block['content']);
    this.transcript.say({ type: 'tool-result', toolCallId, toolName, output, providerExecuted: true });
  }

  private takeDelta(key: string, delta: Fields): Taken {
    const part = this.transcript.parts.get(key);
    if (part !== undefined) return this.more(part, delta);
    const tool = this.transcript.tools.get(key);
    if (tool !== undefined && delta['type'] === 'input_json_delta') return this.moreInput(tool, delta);
    return 'unknown';
  }

  private more(part: OpenPart, delta: Fields): Taken {
    switch (delta['type']) {
      case 'text_delta':
        this.transcript.parts.append(part, textOf(delta['text']));
        return 'known';
      case 'thinking_delta':
        this.transcript.parts.append(part, textOf(delta['thinking']));
        return 'known';
      case 'signature_delta':
        part.signature = (part.signature ?? '') + (wordOf(delta['signature']) ?? '');
        return 'known';
      case 'citations_delta':
        this.cite(fieldsOf(delta['citation']));
        return 'known';
      default:
        return 'unknown';
    }
  }

  private moreInput(tool: OpenTool, delta: Fields): Taken {
    this.transcript.tools.append(tool, textOf(delta['partial_json']));
    return 'known';
  }

  private cite(citation: Fields): void {
    const [url, title] = [wordOf(citation['url']), wordOf(citation['title']) ?? wordOf(citation['document_title'])];
    const said = { ...(url === undefined ? {} : { url }), ...(title === undefined ? {} : { title }) };
    this.transcript.say({ type: 'source', id: `source-${this.sources++}`, ...said, raw: plain(citation) });
  }

  private stop(key: string): Taken {
    const { transcript } = this;
    const [part, tool] = [transcript.parts.get(key), transcript.tools.get(key)];
    if (part !== undefined) transcript.parts.close(part);
    if (tool !== undefined) transcript.tools.end(tool);
    return 'known';
  }

  /** What goes in stands at the beginning, what came out at the end, and the end counts. */
  private use(usage: unknown): void {
    if (typeof usage !== 'object' || usage === null) return;
    this.usage = { ...this.usage, ...usage };
    this.transcript.usage = usageOf(this.usage);
  }
}

function usageOf(usage: Fields): LlmUsage {
  return known<LlmUsage>({
    inputTokens: numberOf(usage['input_tokens']),
    outputTokens: numberOf(usage['output_tokens']),
    cachedInputTokens: numberOf(usage['cache_read_input_tokens']),
    raw: plain(usage),
  });
}
