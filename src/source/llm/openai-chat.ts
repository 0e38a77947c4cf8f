import type { Observable } from 'rxjs';
import { answer } from './answer.js';
import type { Dialect, Taken } from './dialect.js';
import type { LlmEvent, LlmFinishReason, LlmUsage } from './event.js';
import { type Fields, fieldsOf, inChoice, known, listOf, numberOf, placeOf, plain, textOf, wordOf } from './fields.js';
import type { LlmOptions, LlmSource } from './llm.js';
import type { OpenTool } from './open-tools.js';
import type { Transcript } from './transcript.js';
import { providerTrouble } from './trouble.js';

/** The least an item of a stream of `client.chat.completions.create({ stream: true })` is. */
export interface OpenAiChatChunk {
  readonly choices: readonly object[];
}

/** Options of {@link fromOpenAiChat}. */
export interface OpenAiChatOptions extends LlmOptions {
  /**
   * Whether bytes must end with `[DONE]`. Some servers leave it out: with `optional` it is enough that every choice has a
   * `finish_reason`. Default `required`.
   */
  readonly doneMark?: 'required' | 'optional';
}

/**
 * Reads answers of OpenAI Chat Completions and of all that speak like it: Azure, DeepSeek, Groq, Mistral, OpenRouter,
 * Perplexity, llama.cpp, vLLM, Ollama's `/v1`.
 *
 * **Emits** the events of {@link LlmEvent}, as they come.
 * **Errors** with `LlmError` unless the provider has said that this was all; with the pipeline's own errors.
 * **Completes** behind `finish`, at `[DONE]`, whether or not the connection stays open.
 * **Holds** one unfinished event, and the inputs of unfinished tools, `maxEventLength` each.
 *
 * @example
 * fromOpenAiChat((signal) => client.chat.completions.create({ model, messages, stream: true }, { signal }))
 *   .subscribe((event) => event.type === 'text-delta' && write(event.delta));
 */
export function fromOpenAiChat(
  source: LlmSource<OpenAiChatChunk>,
  options: OpenAiChatOptions = {},
): Observable<LlmEvent> {
  const { doneMark = 'required' } = options;
  if (doneMark !== 'required' && doneMark !== 'optional') {
    throw new TypeError('doneMark must be "required" or "optional"');
  }
  const create = (transcript: Transcript): Dialect => new OpenAiChat(transcript, doneMark === 'required');
  return answer({ format: 'openai-chat', create }, source, options);
}

const reasons: Readonly<Record<string, LlmFinishReason>> = {
  stop: 'stop',
  eos: 'stop',
  length: 'length',
  model_length: 'length',
  tool_calls: 'tool-calls',
  function_call: 'tool-calls',
  content_filter: 'content-filter',
  error: 'error',
};

class OpenAiChat implements Dialect {
  /** By choice and index, the call that has that place now. */
  private readonly places = new Map<string, OpenTool>();
  private readonly choices = new Set<number>();
  private readonly cited = new Set<string>();
  private calls = 0;
  private marked = false;

  constructor(
    private readonly transcript: Transcript,
    private readonly markRequired: boolean,
  ) {}

  take(item: Fields): Taken {
    const { choices, error, usage, object } = item;
    const groq = fieldsOf(item['x_groq']);
    if (Array.isArray(choices)) this.takeChoices(item, choices);
    this.use(usage ?? groq['usage']);
    this.cite(item['citations']);
    if (error !== undefined && error !== null) throw providerTrouble(error);
    if (wordOf(groq['error']) !== undefined) throw providerTrouble(groq['error']);
    // Perplexity ends with this in place of a mark.
    if (object === 'chat.completion.done') this.marked = true;
    return Array.isArray(choices) || typeof usage === 'object' ? 'known' : 'unknown';
  }

  complete(how: 'mark' | 'bytes' | 'items'): boolean {
    if (how === 'bytes' && this.markRequired && !this.marked) return false;
    return this.choices.size > 0 && [...this.choices].every((choice) => this.transcript.stopped(choice));
  }

  private takeChoices(item: Fields, choices: readonly unknown[]): void {
    // Azure begins with an item that has neither choices nor an id.
    if (choices.length > 0) this.transcript.start(wordOf(item['id']), wordOf(item['model']));
    for (const one of choices) {
      const fields = fieldsOf(one);
      const choice = placeOf(fields['index']);
      this.choices.add(choice);
      this.takeDelta(fieldsOf(fields['delta']), choice);
      const reason = wordOf(fields['finish_reason']);
      // Some say it again with the usage.
      if (reason === undefined || this.transcript.stopped(choice)) continue;
      this.transcript.stop(reasons[reason] ?? 'other', reason, choice);
    }
  }

  private takeDelta(delta: Fields, choice: number): void {
    const { content, tool_calls: calls, function_call: legacy, refusal, audio, annotations } = delta;
    const thought = wordOf(delta['reasoning_content']) ?? wordOf(delta['reasoning']);
    if (thought !== undefined) this.think(thought, choice);
    if (typeof content === 'string') this.tell(content, choice);
    else if (Array.isArray(content)) for (const part of listOf(content)) this.takePart(part, choice);
    if (calls !== undefined) for (const call of listOf(calls)) this.takeCall(call, choice);
    if (typeof legacy === 'object' && legacy !== null) this.takeCall({ index: -1, function: legacy }, choice);
    if (wordOf(refusal) !== undefined) this.refuse(textOf(refusal), choice);
    if (audio !== undefined) this.hear(fieldsOf(audio));
    if (annotations !== undefined) for (const one of listOf(annotations)) this.annotate(fieldsOf(one['url_citation']));
  }

  /** Mistral puts thoughts and text into lists. */
  private takePart(part: Fields, choice: number): void {
    const { type, text, thinking } = part;
    if (type === 'text') return this.tell(textOf(text), choice);
    if (type !== 'thinking') return;
    if (typeof thinking === 'string') this.think(thinking, choice);
    else for (const thought of listOf(thinking)) this.think(textOf(thought['text']), choice);
  }

  private tell(text: string, choice: number): void {
    if (text === '') return;
    const { transcript } = this;
    const key = `text ${choice}`;
    const part = transcript.parts.get(key);
    if (part !== undefined) return transcript.parts.append(part, text);
    transcript.parts.closeAll(choice, 'reasoning');
    transcript.parts.append(transcript.parts.open('text', key, choice), text);
  }

  private think(thought: string, choice: number): void {
    if (thought === '') return;
    const { transcript } = this;
    const key = `reasoning ${choice}`;
    const part = transcript.parts.get(key);
    if (part !== undefined) return transcript.parts.append(part, thought);
    transcript.parts.closeAll(choice, 'text');
    transcript.parts.append(transcript.parts.open('reasoning', key, choice), thought);
  }

  private refuse(delta: string, choice: number): void {
    this.transcript.say(inChoice({ type: 'refusal-delta', delta }, choice));
  }

  private hear(audio: Fields): void {
    const transcript = wordOf(audio['transcript']);
    const delta = textOf(audio['data']);
    if (delta === '' && transcript === undefined) return;
    this.transcript.say({ type: 'audio-delta', delta, ...(transcript === undefined ? {} : { transcript }) });
  }

  private takeCall(call: Fields, choice: number): void {
    const { name, arguments: input } = fieldsOf(call['function']);
    const tool = this.toolOf(call, wordOf(name), choice);
    const piece = typeof input === 'object' && input !== null ? JSON.stringify(input) : textOf(input);
    if (piece !== '') this.transcript.tools.append(tool, piece);
  }

  /**
   * Which call a fragment belongs to. The index alone does not tell: some servers say 0 for all of them, or nothing. So
   * another id in the same place is another call, and so is another name behind an input that is whole.
   */
  private toolOf(call: Fields, name: string | undefined, choice: number): OpenTool {
    const index = numberOf(call['index']);
    const id = wordOf(call['id']);
    const place = `${choice}.${index ?? id ?? 'last'}`;
    const there = this.places.get(place) ?? (index === undefined ? this.unplaced(id, choice) : undefined);
    if (there !== undefined && !isAnother(there, id, name)) return there;
    this.transcript.parts.closeAll(choice);
    const number = this.calls++;
    const options = { id, name: name ?? '', index: Math.max(0, index ?? number), choice };
    const tool = this.transcript.tools.open(`${number}`, options);
    this.places.set(place, tool);
    return tool;
  }

  private unplaced(id: string | undefined, choice: number): OpenTool | undefined {
    return id === undefined ? this.transcript.tools.last(choice) : undefined;
  }

  private use(usage: unknown): void {
    if (typeof usage !== 'object' || usage === null) return;
    this.transcript.usage = usageOf(usage as Fields);
  }

  /** Perplexity's addresses, which come again with every item. */
  private cite(citations: unknown): void {
    if (!Array.isArray(citations)) return;
    for (const url of citations) if (typeof url === 'string') this.annotate({ url });
  }

  private annotate(citation: Fields): void {
    const url = wordOf(citation['url']);
    if (url === undefined || this.cited.has(url)) return;
    this.cited.add(url);
    const title = wordOf(citation['title']);
    const id = `source-${this.cited.size - 1}`;
    this.transcript.say({ type: 'source', id, url, ...(title === undefined ? {} : { title }), raw: plain(citation) });
  }
}

function isAnother(tool: OpenTool, id: string | undefined, name: string | undefined): boolean {
  if (id !== undefined) return id !== tool.says.toolCallId;
  return name !== undefined && isWhole(tool.text);
}

function isWhole(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

function usageOf(usage: Fields): LlmUsage {
  return known<LlmUsage>({
    inputTokens: numberOf(usage['prompt_tokens']),
    outputTokens: numberOf(usage['completion_tokens']),
    totalTokens: numberOf(usage['total_tokens']),
    reasoningTokens: numberOf(fieldsOf(usage['completion_tokens_details'])['reasoning_tokens']),
    cachedInputTokens: numberOf(fieldsOf(usage['prompt_tokens_details'])['cached_tokens']),
    raw: plain(usage),
  });
}
