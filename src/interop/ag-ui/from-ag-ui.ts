import type { Observable } from 'rxjs';
import { answer } from '../../source/llm/answer.js';
import type { Dialect, Taken } from '../../source/llm/dialect.js';
import type { LlmFinishReason, LlmUsage } from '../../source/llm/event.js';
import { type Fields, fieldsOf, known, listOf, numberOf, plain, textOf, wordOf } from '../../source/llm/fields.js';
import type { LlmEvent, LlmOptions, LlmSource } from '../../source/llm/llm.js';
import type { OpenPart } from '../../source/llm/open-parts.js';
import type { OpenTool } from '../../source/llm/open-tools.js';
import type { Transcript } from '../../source/llm/transcript.js';
import { providerTrouble, Trouble } from '../../source/llm/trouble.js';

/** The least an event of AG-UI is. */
export interface AnyAgUiEvent {
  readonly type: string;
}

/**
 * Reads the events of a run in AG-UI: a `Response` or its bytes, or events, such as those of an agent's Observable. It is
 * lenient where writers differ: a message that goes on without a start, `…_CHUNK`, `[DONE]`.
 *
 * **Emits** the events of `LlmEvent`, as they come; what has no word there, such as states and steps, with `unknown: 'raw'`.
 * **Errors** with `LlmError` on `RUN_ERROR`, on a run that was cancelled, and when the events end before `RUN_FINISHED`.
 * **Completes** at `RUN_FINISHED`, whether or not the connection stays open.
 * **Holds** one unfinished event, and the inputs of unfinished tools, `maxEventLength` each.
 *
 * @example
 * fromAgUi((signal) => fetch('/agent', { method: 'POST', body, signal })).pipe(textView());
 */
export function fromAgUi(source: LlmSource<AnyAgUiEvent>, options: LlmOptions = {}): Observable<LlmEvent> {
  return answer({ format: 'ag-ui', create: (transcript) => new AgUi(transcript) }, source, options);
}

const reasons: Readonly<Record<string, LlmFinishReason>> = {
  stop: 'stop',
  length: 'length',
  content_filter: 'content-filter',
  tool_calls: 'tool-calls',
};

class AgUi implements Dialect {
  private finished = false;
  /** Names by call, of all there were: results do not say them. */
  private readonly names = new Map<string, string>();
  /** Messages that the model has not said. */
  private readonly others = new Set<string>();

  constructor(private readonly transcript: Transcript) {}

  take(event: Fields): Taken {
    const type = textOf(event['type']);
    if (type.startsWith('RUN_')) return this.run(type, event);
    if (type.startsWith('TOOL_CALL_')) return this.tool(type.slice(10), event);
    const [, kind, what] = /^(TEXT|REASONING)_MESSAGE_(START|CONTENT|END|CHUNK)$/.exec(type) ?? [];
    if (kind === undefined) return 'unknown';
    const id = textOf(event['messageId']);
    // An agent hands on what people have said, too.
    if (kind === 'TEXT' && ['user', 'system', 'developer'].includes(textOf(event['role']))) this.others.add(id);
    if (this.others.has(id)) return 'unknown';
    this.message(kind === 'TEXT' ? 'text' : 'reasoning', what!, event);
    return 'known';
  }

  complete(): boolean {
    return this.finished;
  }

  private run(type: string, event: Fields): Taken {
    const tanstack = fieldsOf(fieldsOf(event['metadata'])['tanstack']);
    if (type === 'RUN_STARTED') {
      this.transcript.start(wordOf(event['runId']), wordOf(tanstack['model']));
      return 'known';
    }
    this.use(event['usage']);
    if (type === 'RUN_ERROR') throw providerTrouble({ message: event['message'], code: event['code'] });
    if (type !== 'RUN_FINISHED') return 'unknown';
    if (fieldsOf(event['outcome'])['type'] === 'cancelled') throw new Trouble('aborted', 'the run was cancelled');
    this.finished = true;
    const raw = textOf(tanstack['finishReason']);
    this.transcript.stop(reasons[raw] ?? 'stop', raw);
    return 'last';
  }

  private use(usage: unknown): void {
    const all = listOf(usage);
    if (all.length === 0) return;
    const sum = (name: string): number | undefined => {
      const figures = all.flatMap((one) => numberOf(one[name]) ?? []);
      return figures.length === 0 ? undefined : figures.reduce((a, b) => a + b);
    };
    this.transcript.usage = known<LlmUsage>({
      inputTokens: sum('inputTokens'),
      outputTokens: sum('outputTokens'),
      totalTokens: sum('totalTokens'),
      reasoningTokens: sum('reasoningTokens'),
      cachedInputTokens: sum('cachedInputTokens'),
      raw: plain(usage),
    });
  }

  private message(kind: 'text' | 'reasoning', what: string, event: Fields): void {
    const { transcript } = this;
    const part = this.partOf(kind, textOf(event['messageId']));
    if (what === 'CONTENT' || what === 'CHUNK') transcript.parts.append(part, textOf(event['delta']));
    if (what === 'END') transcript.parts.close(part);
  }

  /** A `…_CHUNK` need not say whose it is: then it is the last one's. */
  private partOf(kind: 'text' | 'reasoning', id: string): OpenPart {
    const { transcript } = this;
    const last = id === '' ? transcript.parts.last(kind) : undefined;
    return last ?? transcript.parts.open(kind, `${kind} ${id}`, 0, id === '' ? undefined : id.toWellFormed());
  }

  private tool(what: string, event: Fields): Taken {
    const { transcript } = this;
    const id = textOf(event['toolCallId']);
    if (what === 'RESULT') {
      const toolName = this.names.get(id) ?? '';
      transcript.say({ type: 'tool-result', toolCallId: id, toolName, output: plain(event['content']) });
      return 'known';
    }
    const tool = this.toolOf(id, what, event);
    if (tool === undefined) return 'unknown';
    if (what === 'ARGS' || what === 'CHUNK') transcript.tools.append(tool, textOf(event['delta']));
    if (what === 'END') transcript.tools.end(tool);
    return 'known';
  }

  /** The call it is about. One that has ended does not begin again, and one without a name never began. */
  private toolOf(id: string, what: string, event: Fields): OpenTool | undefined {
    const { transcript } = this;
    const there = id === '' ? transcript.tools.last(0) : transcript.tools.get(id);
    const begins = what === 'START' || what === 'CHUNK';
    if (there !== undefined || this.names.has(id) || !begins) return there;
    const name = wordOf(event['toolCallName']) ?? '';
    this.names.set(id, name);
    return transcript.tools.open(id, { id: wordOf(id), name, index: this.names.size - 1 });
  }
}
