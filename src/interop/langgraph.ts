import type { Observable } from 'rxjs';
import { kindOf } from '../chunk/index.js';
import { answer } from '../source/llm/answer.js';
import type { Dialect, Taken } from '../source/llm/dialect.js';
import type { LlmFinishReason, LlmUsage } from '../source/llm/event.js';
import {
  type Fields,
  fieldsOf,
  known,
  listOf,
  numberOf,
  placeOf,
  plain,
  textOf,
  wordOf,
} from '../source/llm/fields.js';
import type { LlmEvent, LlmOptions, LlmSource } from '../source/llm/llm.js';
import type { OpenTool } from '../source/llm/open-tools.js';
import type { Transcript } from '../source/llm/transcript.js';
import { providerTrouble } from '../source/llm/trouble.js';
import { GraphEvents } from './graph-events.js';

/** Options of {@link fromLangGraph}. */
export interface LangGraphOptions extends LlmOptions {
  /** The stream mode, where the graph was asked for one and so does not say it: `graph.stream(…, { streamMode: 'messages' })`. */
  readonly mode?: string;
  /**
   * The mode of the event that a whole run ends with, such as `updates` or `values`. LangGraph marks no end: without this a
   * stream that is cut between two events cannot be told from one that is over. Default: any.
   */
  readonly lastMode?: string;
}

/**
 * Reads the events of a graph of LangGraph: of `graph.stream()` in this process, of its `encoding: 'text/event-stream'`, or
 * of a server of the LangGraph Platform, as a `Response` or its bytes.
 *
 * What models say (`messages`, and `messages/partial`, which says all of it anew each time) becomes text, reasoning and calls
 * of tools; what the tools answer, results.
 *
 * **Emits** the events of `LlmEvent`; all other modes with `unknown: 'raw'`, as `{ event, data }`.
 * **Errors** with `LlmError` on the event `error`, on an event that was cut, and when `lastMode` did not come last.
 * **Completes** with the graph.
 * **Holds** one unfinished event, and the inputs of unfinished tools, `maxEventLength` each.
 *
 * @example
 * fromLangGraph((signal) => graph.stream(input, { streamMode: ['messages', 'updates'], signal }), { lastMode: 'updates' });
 */
export function fromLangGraph(source: LlmSource<unknown>, options: LangGraphOptions = {}): Observable<LlmEvent> {
  if (typeof source !== 'function' && typeof source !== 'object') {
    throw new TypeError(`source must be a stream or a function that makes one, got ${kindOf(source)}`);
  }
  const { mode = 'updates', lastMode, maxEventLength = 1 << 24 } = options;
  const events = (signal: AbortSignal): GraphEvents => new GraphEvents(source, { signal, mode, maxEventLength });
  const create = (transcript: Transcript): Dialect => new Graph(transcript, lastMode);
  return answer({ format: 'langgraph', create }, events, options);
}

const reasons: Readonly<Record<string, LlmFinishReason>> = {
  stop: 'stop',
  end_turn: 'stop',
  STOP: 'stop',
  length: 'length',
  max_tokens: 'length',
  MAX_TOKENS: 'length',
  tool_calls: 'tool-calls',
  tool_use: 'tool-calls',
  content_filter: 'content-filter',
};

class Graph implements Dialect {
  private last = '';
  private calls = 0;
  /** Names by id of the call: results do not always say them. */
  private readonly names = new Map<string, string>();
  private readonly tools = new Map<string, OpenTool>();
  /** How much of each part was said, also of those that have ended. */
  private readonly lengths = new Map<string, number>();

  constructor(
    private readonly transcript: Transcript,
    private readonly lastMode: string | undefined,
  ) {}

  take(item: Fields): Taken {
    const event = textOf(item['event']);
    const { data } = item;
    // A subgraph says its name behind a bar.
    const [mode = ''] = event.split('|');
    this.last = mode;
    if (mode === 'error') throw providerTrouble(errorOf(data));
    if (mode === 'metadata') {
      this.transcript.start(wordOf(fieldsOf(data)['run_id']), undefined);
      return 'known';
    }
    if (mode === 'messages' && Array.isArray(data)) this.message(fieldsOf(data[0]), false);
    else if (mode === 'messages/partial') for (const message of listOf(data)) this.message(message, true);
    else return 'unknown';
    return 'known';
  }

  complete(): boolean {
    if (this.lastMode !== undefined && this.last !== this.lastMode) return false;
    if (!this.transcript.stopped(0)) this.transcript.stop('stop', '');
    return true;
  }

  /** @param anew - whether it says what it has said before, and more */
  private message(message: Fields, anew: boolean): void {
    const { type } = message;
    if (type === 'tool') return this.answered(message);
    if (type !== 'ai' && type !== 'AIMessageChunk') return;
    const id = textOf(message['id']);
    this.transcript.start(wordOf(id), undefined);
    this.content(id, message['content'], anew);
    const thought = wordOf(fieldsOf(message['additional_kwargs'])['reasoning_content']);
    if (thought !== undefined) this.tell('reasoning', id, thought, anew);
    for (const call of listOf(message['tool_call_chunks'])) this.call(id, call, anew);
    this.use(fieldsOf(message['usage_metadata']));
    const { finish_reason: finish, stop_reason: stop } = fieldsOf(message['response_metadata']);
    const raw = wordOf(finish) ?? wordOf(stop);
    if (raw !== undefined) this.transcript.stop(reasons[raw] ?? 'other', raw);
  }

  private content(id: string, content: unknown, anew: boolean): void {
    if (typeof content === 'string') return this.tell('text', id, content, anew);
    for (const [i, { type, text, thinking, reasoning }] of listOf(content).entries()) {
      // Of what is said anew each time the place is the same; pieces have none.
      const place = anew ? `${id} ${i}` : id;
      if (type === 'text') this.tell('text', place, textOf(text), anew);
      if (type === 'thinking' || type === 'reasoning') {
        this.tell('reasoning', place, textOf(thinking) || textOf(reasoning), anew);
      }
    }
  }

  private tell(kind: 'text' | 'reasoning', id: string, said: string, anew: boolean): void {
    const { transcript } = this;
    const key = `${kind} ${id}`;
    const there = transcript.parts.get(key);
    const before = this.lengths.get(key) ?? 0;
    const piece = anew ? said.slice(before) : said;
    if (piece === '') return;
    this.lengths.set(key, before + piece.length);
    if (there === undefined && kind === 'text') transcript.parts.closeAll(0, 'reasoning');
    transcript.parts.append(there ?? transcript.parts.open(kind, key), piece);
  }

  private call(id: string, call: Fields, anew: boolean): void {
    const key = `${id} ${placeOf(call['index'])}`;
    const callId = wordOf(call['id']);
    const there = this.tools.get(key);
    const same = there !== undefined && (callId === undefined || callId === there.says.toolCallId);
    if (there !== undefined && !same) this.transcript.tools.end(there);
    const tool = same ? there : this.begin(key, callId, wordOf(call['name']) ?? '');
    const { args } = call;
    const said = textOf(args);
    const isOpen = this.transcript.tools.get(tool.key) === tool;
    if (isOpen) this.transcript.tools.append(tool, anew ? said.slice(tool.text.length) : said);
  }

  private begin(key: string, id: string | undefined, name: string): OpenTool {
    this.transcript.parts.closeAll(0);
    const index = this.calls++;
    const tool = this.transcript.tools.open(`${index}`, { id, name, index });
    this.tools.set(key, tool);
    this.names.set(tool.says.toolCallId, name);
    return tool;
  }

  /** Whoever answers has got the whole input. */
  private answered(message: Fields): void {
    const toolCallId = textOf(message['tool_call_id']);
    for (const tool of this.tools.values()) {
      if (tool.says.toolCallId === toolCallId) this.transcript.tools.end(tool);
    }
    const toolName = wordOf(message['name']) ?? this.names.get(toolCallId) ?? '';
    this.transcript.say({ type: 'tool-result', toolCallId, toolName, output: plain(message['content']) });
  }

  /** The last figures count: some report them twice. */
  private use(usage: Fields): void {
    if (Object.keys(usage).length === 0) return;
    this.transcript.usage = known<LlmUsage>({
      inputTokens: numberOf(usage['input_tokens']),
      outputTokens: numberOf(usage['output_tokens']),
      totalTokens: numberOf(usage['total_tokens']),
      reasoningTokens: numberOf(fieldsOf(usage['output_token_details'])['reasoning']),
      cachedInputTokens: numberOf(fieldsOf(usage['input_token_details'])['cache_read']),
      raw: plain(usage),
    });
  }
}

/** `{ error: 'Error', message }`: the message says more than the name of its class. */
function errorOf(data: unknown): unknown {
  const { message, error } = fieldsOf(data);
  return message === undefined ? (error ?? data) : { message, type: error };
}
