import type { Observable } from 'rxjs';
import { answer } from './answer.js';
import type { Dialect, Taken } from './dialect.js';
import type { LlmEvent, LlmFinishReason, LlmUsage } from './event.js';
import { type Fields, fieldsOf, known, listOf, numberOf, plain, textOf, wordOf } from './fields.js';
import type { LlmOptions, LlmSource } from './llm.js';
import type { Transcript } from './transcript.js';
import { providerTrouble } from './trouble.js';

/** The least an item of a stream of `client.chat({ stream: true })` or `client.generate({ stream: true })` is. */
export interface OllamaPart {
  readonly done: boolean;
}

/**
 * Reads answers of Ollama's own interface, `/api/chat` and `/api/generate`.
 *
 * **Emits** the events of {@link LlmEvent}, as they come.
 * **Errors** with `LlmError` unless the server has said that this was all; with the pipeline's own errors.
 * **Completes** behind `finish`, at `done`, whether or not the connection stays open.
 * **Holds** one unfinished line of `maxEventLength`.
 *
 * @example
 * fromOllama((signal) => fetch(`${host}/api/chat`, { method: 'POST', body, signal }))
 *   .subscribe((event) => event.type === 'text-delta' && write(event.delta));
 */
export function fromOllama(source: LlmSource<OllamaPart>, options: LlmOptions = {}): Observable<LlmEvent> {
  return answer({ format: 'ollama', shorthand, create: (transcript) => new Ollama(transcript) }, source, options);
}

const usualPart =
  // eslint-disable-next-line no-control-regex -- JSON forbids them within texts
  /^\{"model":"([^"\\\u0000-\u001f]*)","created_at":"[\w:.+-]*","message":\{"role":"assistant","content":"([^"\\\u0000-\u001f]*)"(?:,"thinking":"([^"\\\u0000-\u001f]*)")?\},"done":false\}$/;

/** More of a text or a thought, without anything that is escaped. */
function shorthand(json: string): object | undefined {
  const found = usualPart.exec(json);
  if (found === null) return undefined;
  const [, model, content, thinking] = found;
  return { model, message: { content, thinking }, done: false };
}

const reasons: Readonly<Record<string, LlmFinishReason>> = { stop: 'stop', length: 'length' };

class Ollama implements Dialect {
  private calls = 0;
  private last = false;

  constructor(private readonly transcript: Transcript) {}

  take(item: Fields): Taken {
    const { message, response, thinking, done, error } = item;
    if (error !== undefined) throw providerTrouble(error);
    if (typeof done !== 'boolean') return 'unknown';
    this.transcript.start(undefined, wordOf(item['model']));
    const said = fieldsOf(message);
    this.more('reasoning', textOf(said['thinking']) || textOf(thinking));
    this.more('text', textOf(said['content']) || textOf(response));
    for (const call of listOf(said['tool_calls'])) this.call(call);
    if (!done) return 'known';
    this.end(item);
    return 'last';
  }

  complete(): boolean {
    return this.last;
  }

  private more(kind: 'text' | 'reasoning', piece: string): void {
    if (piece === '') return;
    const { transcript } = this;
    if (transcript.parts.get(kind) === undefined) transcript.parts.closeAll(0);
    transcript.parts.append(transcript.parts.open(kind, kind), piece);
  }

  /** Whole, its input an object. */
  private call(call: Fields): void {
    const { name, arguments: input } = fieldsOf(call['function']);
    const { transcript } = this;
    transcript.parts.closeAll(0);
    const index = this.calls++;
    const tool = transcript.tools.open(`${index}`, { id: wordOf(call['id']), name: wordOf(name) ?? '', index });
    transcript.tools.append(tool, typeof input === 'string' ? input : JSON.stringify(input ?? {}));
    transcript.tools.end(tool);
  }

  private end(item: Fields): void {
    this.last = true;
    const reason = wordOf(item['done_reason']) ?? 'stop';
    this.transcript.stop(reasons[reason] ?? 'other', reason);
    const figures = Object.entries(item).filter(([name]) => /_(?:count|duration)$/.test(name));
    if (figures.length > 0) this.transcript.usage = usageOf(Object.fromEntries(figures));
  }
}

function usageOf(figures: Fields): LlmUsage {
  return known<LlmUsage>({
    inputTokens: numberOf(figures['prompt_eval_count']),
    outputTokens: numberOf(figures['eval_count']),
    raw: plain(figures),
  });
}
