import type { Observable } from 'rxjs';
import { answer } from '../../source/llm/answer.js';
import type { Dialect, Taken } from '../../source/llm/dialect.js';
import type { LlmFinishReason } from '../../source/llm/event.js';
import { type Fields, fieldsOf, known, plain, textOf, wordOf } from '../../source/llm/fields.js';
import type { LlmEvent, LlmOptions, LlmSource, ToolResult } from '../../source/llm/llm.js';
import type { OpenTool } from '../../source/llm/open-tools.js';
import type { Transcript } from '../../source/llm/transcript.js';
import { providerTrouble, Trouble } from '../../source/llm/trouble.js';
import type { AnyUiChunk } from './ui-chunk.js';

/**
 * Reads a UI message stream of the AI SDK, whoever wrote it: a `Response` or its bytes, or chunks, such as
 * `result.toUIMessageStream()`. Unlike the SDK's own reader it tells a stream that was cut from one that has ended, and goes
 * on behind chunks it does not know.
 *
 * **Emits** the events of `LlmEvent`, as they come; what has no word there, such as `data-…`, with `unknown: 'raw'`.
 * **Errors** with `LlmError` on `error` and `abort`, and when the stream ends before `finish`; with the pipeline's errors.
 * **Completes** at `finish`, whether or not the connection stays open.
 * **Holds** one unfinished event, and the inputs of unfinished tools, `maxEventLength` each.
 *
 * @example
 * fromUiMessage((signal) => fetch('/api/chat', { method: 'POST', body, signal })).pipe(textView());
 */
export function fromUiMessage(source: LlmSource<AnyUiChunk>, options: LlmOptions = {}): Observable<LlmEvent> {
  const create = (transcript: Transcript): Dialect => new UiMessage(transcript);
  return answer({ format: 'ui-message-stream', create }, source, options);
}

const reasons: Readonly<Record<string, LlmFinishReason>> = {
  stop: 'stop',
  length: 'length',
  'content-filter': 'content-filter',
  'tool-calls': 'tool-calls',
  error: 'error',
};

class UiMessage implements Dialect {
  private sources = 0;
  private finished = false;
  /** Names by call, of all there were: results do not say them. */
  private readonly names = new Map<string, string>();

  constructor(private readonly transcript: Transcript) {}

  take(chunk: Fields): Taken {
    const type = textOf(chunk['type']);
    switch (type) {
      case 'start':
        this.transcript.start(wordOf(chunk['messageId']), undefined);
        return 'known';
      case 'start-step':
      case 'message-metadata':
        return 'known';
      case 'finish-step':
        // From here on the ids stand for other parts.
        this.transcript.parts.closeAll(0);
        return 'known';
      case 'finish':
        return this.finish(textOf(chunk['finishReason']));
      case 'error':
        throw providerTrouble(textOf(chunk['errorText']) || 'the stream reports an error');
      case 'abort':
        throw new Trouble('aborted', wordOf(chunk['reason']) ?? 'the answer was called off');
      default:
        return type.startsWith('tool-') ? this.tool(type, chunk) : this.part(type, chunk);
    }
  }

  complete(): boolean {
    return this.finished;
  }

  private finish(reason: string): Taken {
    this.finished = true;
    this.transcript.stop(reasons[reason] ?? 'other', reason);
    return 'last';
  }

  private part(type: string, chunk: Fields): Taken {
    const [, kind, what] = /^(text|reasoning)-(start|delta|end)$/.exec(type) ?? [];
    if (kind !== 'text' && kind !== 'reasoning') return this.other(type, chunk);
    const id = textOf(chunk['id']);
    const key = `${kind} ${id}`;
    const { transcript } = this;
    if (what === 'end') {
      const open = transcript.parts.get(key);
      if (open !== undefined) transcript.parts.close(open);
      return 'known';
    }
    const part = transcript.parts.open(kind, key, 0, id === '' ? undefined : id.toWellFormed());
    transcript.parts.append(part, textOf(chunk['delta']));
    return 'known';
  }

  private tool(type: string, chunk: Fields): Taken {
    const id = textOf(chunk['toolCallId']);
    if (type === 'tool-output-available') {
      this.transcript.say(this.result(id, chunk));
      return 'known';
    }
    const tool = this.toolOf(id, type, chunk);
    if (tool === undefined) return 'unknown';
    this.more(tool, type, chunk);
    return 'known';
  }

  /** The call it is about. One that has ended does not begin again, and one without a name never began. */
  private toolOf(id: string, type: string, chunk: Fields): OpenTool | undefined {
    const there = this.transcript.tools.get(id);
    const begins = /^tool-input-(?:start|available|error)$/.test(type);
    if (there !== undefined || this.names.has(id) || !begins) return there;
    const name = wordOf(chunk['toolName']) ?? '';
    this.names.set(id, name);
    const providerExecuted = chunk['providerExecuted'] === true;
    return this.transcript.tools.open(id, { id: wordOf(id), name, index: this.names.size - 1, providerExecuted });
  }

  private more(tool: OpenTool, type: string, chunk: Fields): void {
    const { transcript } = this;
    const { input, inputTextDelta, errorText } = chunk;
    if (type === 'tool-input-delta') transcript.tools.append(tool, textOf(inputTextDelta));
    // The input is said once more, whole: where no piece of it came before, this is all of it.
    if (type === 'tool-input-available') {
      if (tool.text === '') transcript.tools.append(tool, JSON.stringify(input ?? {}));
      transcript.tools.end(tool);
    }
    if (type === 'tool-input-error') {
      if (tool.text === '') transcript.tools.append(tool, textOf(input));
      transcript.tools.refuse(tool, wordOf(errorText) ?? 'the input is none');
    }
  }

  private result(id: string, chunk: Fields): ToolResult {
    return known<ToolResult>({
      type: 'tool-result',
      toolCallId: id,
      toolName: this.names.get(id) ?? '',
      output: plain(chunk['output']),
      providerExecuted: chunk['providerExecuted'] === true ? true : undefined,
    });
  }

  private other(type: string, chunk: Fields): Taken {
    if (type === 'file') return this.file(textOf(chunk['url']), textOf(chunk['mediaType']));
    if (type !== 'source-url' && type !== 'source-document') return 'unknown';
    const { url, title, sourceId } = fieldsOf(chunk);
    const id = wordOf(sourceId) ?? `source-${this.sources++}`;
    const said = known<{ url?: string; title?: string }>({ url: wordOf(url), title: wordOf(title) });
    this.transcript.say({ type: 'source', id, ...said, raw: plain(chunk) });
    return 'known';
  }

  /** A file that is elsewhere has no data here. */
  private file(url: string, mediaType: string): Taken {
    const [, data] = /^data:[^,]*;base64,(.*)$/.exec(url) ?? [];
    if (data === undefined) return 'unknown';
    this.transcript.say({ type: 'file', mediaType, data });
    return 'known';
  }
}
