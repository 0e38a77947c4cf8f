import type { Observable } from 'rxjs';
import { answer } from './answer.js';
import type { Dialect, Taken } from './dialect.js';
import type { LlmEvent, LlmFinishReason, LlmUsage } from './event.js';
import { type Fields, fieldsOf, known, listOf, numberOf, placeOf, plain, textOf, wordOf } from './fields.js';
import { GeminiArguments } from './gemini-arguments.js';
import type { LlmOptions, LlmSource } from './llm.js';
import type { OpenTool } from './open-tools.js';
import type { Transcript } from './transcript.js';
import { providerTrouble } from './trouble.js';

/** The least an item of a stream of `client.models.generateContentStream()` is. */
export interface GeminiChunk {
  readonly candidates?: readonly object[];
}

/**
 * Reads answers of Gemini and Vertex AI, asked with `alt=sse` or without.
 *
 * Gemini has no mark for the end: an answer is whole when its data end and the last to speak of each candidate had a
 * `finishReason`. Old models on Vertex AI say `STOP` all the time; there a cut between two events cannot be told from the end.
 *
 * **Emits** the events of {@link LlmEvent}, as they come.
 * **Errors** with `LlmError` unless the provider has said that this was all; with the pipeline's own errors.
 * **Completes** behind `finish`, when the data end.
 * **Holds** one unfinished event, and the inputs of unfinished tools, `maxEventLength` each.
 *
 * @example
 * fromGemini((abortSignal) => client.models.generateContentStream({ model, contents, config: { abortSignal } }))
 *   .subscribe((event) => event.type === 'text-delta' && write(event.delta));
 */
export function fromGemini(source: LlmSource<GeminiChunk>, options: LlmOptions = {}): Observable<LlmEvent> {
  return answer({ format: 'gemini', create: (transcript) => new Gemini(transcript) }, source, options);
}

const filtered: LlmFinishReason = 'content-filter';
const reasons: Readonly<Record<string, LlmFinishReason>> = {
  STOP: 'stop',
  MAX_TOKENS: 'length',
  SAFETY: filtered,
  RECITATION: filtered,
  BLOCKLIST: filtered,
  PROHIBITED_CONTENT: filtered,
  SPII: filtered,
  IMAGE_SAFETY: filtered,
  IMAGE_PROHIBITED_CONTENT: filtered,
  IMAGE_RECITATION: filtered,
  MALFORMED_FUNCTION_CALL: 'error',
  UNEXPECTED_TOOL_CALL: 'error',
};

class Gemini implements Dialect {
  /** Whether the last to speak of a choice said why it stopped. */
  private readonly stopped = new Map<number, boolean>();
  private readonly cited = new Set<string>();
  private calls = 0;
  /** A tool whose input comes in pieces. */
  private unfinished: { readonly tool: OpenTool; readonly input: GeminiArguments } | undefined;
  private code: OpenTool | undefined;

  constructor(private readonly transcript: Transcript) {}

  take(item: Fields): Taken {
    const { candidates, promptFeedback, usageMetadata, error } = item;
    if (error !== undefined) throw providerTrouble(error);
    const blocked = wordOf(fieldsOf(promptFeedback)['blockReason']);
    if (candidates === undefined && blocked === undefined && usageMetadata === undefined) return 'unknown';
    this.transcript.start(wordOf(item['responseId']), wordOf(item['modelVersion']));
    for (const candidate of listOf(candidates)) this.takeCandidate(candidate);
    if (blocked !== undefined && this.stopped.size === 0) {
      this.stopped.set(0, true);
      this.transcript.stop(filtered, blocked);
    }
    if (typeof usageMetadata === 'object' && usageMetadata !== null) {
      this.transcript.usage = usageOf(usageMetadata as Fields);
    }
    return 'known';
  }

  complete(): boolean {
    return this.stopped.size > 0 && [...this.stopped.values()].every(Boolean) && this.unfinished === undefined;
  }

  private takeCandidate(candidate: Fields): void {
    const choice = placeOf(candidate['index']);
    const reason = wordOf(candidate['finishReason']);
    for (const part of listOf(fieldsOf(candidate['content'])['parts'])) this.takePart(part, choice);
    for (const { web } of listOf(fieldsOf(candidate['groundingMetadata'])['groundingChunks'])) this.cite(fieldsOf(web));
    this.stopped.set(choice, reason !== undefined);
    if (reason !== undefined) this.transcript.stop(reasons[reason] ?? 'other', reason, choice);
  }

  private takePart(part: Fields, choice: number): void {
    const { text, thought, functionCall, inlineData, executableCode, codeExecutionResult } = part;
    const signature = wordOf(part['thoughtSignature']);
    if (typeof text === 'string') this.more(thought === true ? 'reasoning' : 'text', text, choice, signature);
    if (functionCall !== undefined) this.call(fieldsOf(functionCall), choice, signature);
    if (inlineData !== undefined) this.file(fieldsOf(inlineData));
    if (executableCode !== undefined) this.run(fieldsOf(executableCode), choice);
    if (codeExecutionResult !== undefined) this.ran(fieldsOf(codeExecutionResult));
  }

  private more(kind: 'text' | 'reasoning', piece: string, choice: number, signature: string | undefined): void {
    if (piece === '' && signature === undefined) return;
    const { transcript } = this;
    const key = `${kind} ${choice}`;
    if (transcript.parts.get(key) === undefined) transcript.parts.closeAll(choice);
    const part = transcript.parts.open(kind, key, choice);
    transcript.parts.append(part, piece);
    if (signature !== undefined) part.signature = signature;
  }

  private call(call: Fields, choice: number, signature: string | undefined): void {
    const { id, name, args, partialArgs, willContinue } = call;
    let { unfinished } = this;
    if (unfinished === undefined || wordOf(name) !== undefined) {
      this.transcript.parts.closeAll(choice);
      const index = this.calls++;
      const tool = this.transcript.tools.open(`${index}`, { id: wordOf(id), name: wordOf(name) ?? '', index, choice });
      tool.signature = signature;
      unfinished = { tool, input: new GeminiArguments() };
    }
    for (const part of listOf(partialArgs)) unfinished.input.add(part);
    this.unfinished = willContinue === true ? unfinished : undefined;
    if (willContinue === true) return;
    this.transcript.tools.append(unfinished.tool, JSON.stringify(args ?? unfinished.input.value));
    this.transcript.tools.end(unfinished.tool);
  }

  private file({ mimeType, data }: Fields): void {
    this.transcript.say({ type: 'file', mediaType: textOf(mimeType), data: textOf(data) });
  }

  /** The provider runs the code; what comes of it follows. */
  private run(code: Fields, choice: number): void {
    this.transcript.parts.closeAll(choice);
    const index = this.calls++;
    const options = { id: wordOf(code['id']), name: 'code_execution', index, choice, providerExecuted: true };
    this.code = this.transcript.tools.open(`${index}`, options);
    this.transcript.tools.append(this.code, JSON.stringify(code));
    this.transcript.tools.end(this.code);
  }

  private ran(result: Fields): void {
    const { toolCallId = 'code_execution', toolName = 'code_execution' } = this.code?.says ?? {};
    this.transcript.say({ type: 'tool-result', toolCallId, toolName, output: plain(result), providerExecuted: true });
  }

  private cite(web: Fields): void {
    const [url, title] = [wordOf(web['uri']), wordOf(web['title'])];
    if (url === undefined || this.cited.has(url)) return;
    this.cited.add(url);
    const id = `source-${this.cited.size - 1}`;
    this.transcript.say({ type: 'source', id, url, ...(title === undefined ? {} : { title }), raw: plain(web) });
  }
}

function usageOf(usage: Fields): LlmUsage {
  const [output, thoughts] = [numberOf(usage['candidatesTokenCount']), numberOf(usage['thoughtsTokenCount'])];
  return known<LlmUsage>({
    inputTokens: numberOf(usage['promptTokenCount']),
    // Gemini counts thoughts beside the answer, the others within it.
    outputTokens: output === undefined ? thoughts : output + (thoughts ?? 0),
    totalTokens: numberOf(usage['totalTokenCount']),
    reasoningTokens: thoughts,
    cachedInputTokens: numberOf(usage['cachedContentTokenCount']),
    raw: plain(usage),
  });
}
