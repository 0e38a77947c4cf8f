import { endsWithHalf } from '../../format/utf8.js';
import type { JsonValue } from '../../chunk/index.js';
import type {
  LlmChoiceFinish,
  LlmEnd,
  LlmEvent,
  LlmFinishReason,
  LlmOrigin,
  LlmPart,
  LlmPartial,
  LlmToolPart,
  LlmUsage,
} from './event.js';
import { plain } from './fields.js';
import { Trouble } from './trouble.js';

/** @internal Text that comes in pieces, of which one may end within a character. */
interface Growing {
  /** The first half of a surrogate pair, or nothing. */
  half: string;
}

/** @internal A text or a thought that is open. */
export interface OpenPart extends Growing {
  readonly key: string;
  readonly kind: 'text' | 'reasoning';
  readonly choice: number;
  /** What all of its events say. */
  readonly says: LlmPart;
  /** UTF-16 units so far. */
  length: number;
  /** What the provider wants back with it. */
  signature: string | undefined;
}

/** @internal A tool whose input is open. */
export interface OpenTool extends Growing {
  readonly key: string;
  readonly choice: number;
  readonly index: number;
  /** What all of its events say. */
  readonly says: LlmToolPart;
  /** Whether its input is text of any kind instead of JSON. */
  free: boolean;
  text: string;
  signature: string | undefined;
}

/** @internal How a tool is opened. */
export interface ToolOptions {
  readonly id: string | undefined;
  readonly name: string;
  readonly index: number;
  readonly choice?: number;
  readonly providerExecuted?: boolean;
  readonly free?: boolean;
}

/**
 * What has happened in an answer, kept in order: whatever a provider sends, out come the events of {@link LlmEvent} in the
 * order that is their law. Readers of formats say what they see; opening, closing and ending is done here.
 *
 * @internal
 */
export class Transcript {
  readonly partial = { textLength: 0, reasoningLength: 0, toolCalls: 0 };
  usage: LlmUsage | undefined;
  private started = false;
  private readonly parts = new Map<string, OpenPart>();
  private readonly tools = new Map<string, OpenTool>();
  /** Tools that have ended without any input: cut off, or in want of none? What comes next tells. */
  private readonly bare: OpenTool[] = [];
  private readonly finishes = new Map<number, LlmChoiceFinish>();
  private readonly ids = new Set<string>();
  private readonly callers = new Set<number>();
  private opened = 0;
  private called = 0;
  /** What was made of the item that is being told waits for the next, which may be its last. */
  private grouping = false;
  private held: LlmEvent | undefined;
  /** Events that were kept before, of an item of which not all were kept. */
  private again = 0;

  constructor(
    private readonly format: LlmOrigin,
    private readonly out: (event: LlmEvent) => void,
    private readonly maxInputLength = Infinity,
  ) {}

  /** Tells what `work` does of one item the provider has numbered: the number stands on its last event. */
  number(sequence: number | undefined, work: () => void): void {
    this.grouping = true;
    try {
      work();
    } finally {
      this.grouping = false;
      const { held } = this;
      this.held = undefined;
      if (held !== undefined) this.send(sequence === undefined ? held : { ...held, sequence });
    }
  }

  private emit(event: LlmEvent): void {
    // Some leave out their first word, and begin with something that matters.
    if (!this.started && !early.has(event.type)) this.start(undefined, undefined);
    if (!this.grouping) return this.send(event);
    if (this.held !== undefined) this.send(this.held);
    this.held = event;
  }

  private send(event: LlmEvent): void {
    if (this.again > 0) this.again--;
    else this.out(event);
  }

  /** The provider has begun to answer. Only the first time counts. */
  start(id: string | undefined, model: string | undefined): void {
    if (this.started) return;
    this.started = true;
    const known = { ...(id === undefined ? {} : { id }), ...(model === undefined ? {} : { model }) };
    this.emit({ type: 'start', format: this.format, ...known });
  }

  /** An event that opens and closes nothing. */
  say(event: LlmEvent): void {
    const fields = Object.entries(event).map(([name, value]: [string, unknown]) => {
      return [name, typeof value === 'string' ? value.toWellFormed() : value];
    });
    this.emit(Object.fromEntries(fields) as LlmEvent);
  }

  /** The part of that key, if it is open. */
  part(key: string): OpenPart | undefined {
    return this.parts.get(key);
  }

  /** The part of that kind that was opened last, of those that are open. */
  openPart(kind: 'text' | 'reasoning'): OpenPart | undefined {
    return [...this.parts.values()].findLast((part) => part.kind === kind);
  }

  /** Opens a text or a thought, unless one of that key is open. */
  open(kind: 'text' | 'reasoning', key: string, choice = 0, id = `${kind}-${this.opened}`): OpenPart {
    const there = this.parts.get(key);
    if (there !== undefined) return there;
    this.settle(false);
    this.opened++;
    const part: OpenPart = {
      key,
      kind,
      choice,
      says: inChoice({ id: this.unused(id) }, choice),
      length: 0,
      signature: undefined,
      half: '',
    };
    this.parts.set(key, part);
    this.emit({ type: kind === 'text' ? 'text-start' : 'reasoning-start', ...part.says });
    return part;
  }

  /** More of a part. */
  append(part: OpenPart, piece: string, last = false): void {
    const delta = whole(part, piece, last);
    part.length += piece.length;
    if (delta === '') return;
    const text = part.kind === 'text';
    if (text) this.partial.textLength += delta.length;
    else this.partial.reasoningLength += delta.length;
    const { id, choice } = part.says;
    const type = text ? 'text-delta' : 'reasoning-delta';
    this.emit(choice === undefined ? { type, id, delta } : { type, id, choice, delta });
  }

  /** A part is whole. */
  close(part: OpenPart, encrypted?: string): void {
    if (!this.parts.has(part.key)) return;
    if (part.half !== '') this.append(part, '', true);
    this.parts.delete(part.key);
    const { signature } = part;
    const kept = {
      ...(signature === undefined ? {} : { signature }),
      ...(encrypted === undefined ? {} : { encrypted }),
    };
    if (part.kind === 'text') this.emit({ type: 'text-end', ...part.says, ...kept });
    else this.emit({ type: 'reasoning-end', ...part.says, ...kept });
  }

  /** The tool of that key, if its input is open. */
  tool(key: string): OpenTool | undefined {
    return this.tools.get(key);
  }

  /** The tool that was opened last, of those whose input is open. */
  lastTool(choice: number): OpenTool | undefined {
    return [...this.tools.values()].findLast((tool) => tool.choice === choice);
  }

  /** A tool is being called. */
  openTool(key: string, options: ToolOptions): OpenTool {
    const { id, name, index, choice = 0, providerExecuted = false, free = false } = options;
    this.settle(false);
    const before = this.tools.get(key);
    if (before !== undefined) this.endTool(before);
    const said = { toolCallId: this.unused(id ?? `call-${this.called}`), toolName: name };
    const says = inChoice(providerExecuted ? { ...said, providerExecuted } : said, choice);
    this.called++;
    const tool: OpenTool = { key, choice, index, says, free, text: '', signature: undefined, half: '' };
    this.tools.set(key, tool);
    this.emit({ type: 'tool-input-start', ...says, index });
    return tool;
  }

  /** More of a tool's input. */
  appendInput(tool: OpenTool, piece: string, last = false): void {
    const delta = whole(tool, piece, last);
    if (delta === '') return;
    if (tool.text.length + delta.length > this.maxInputLength) {
      throw new Trouble('overflow', `the input of a tool is longer than maxEventLength = ${this.maxInputLength}`);
    }
    tool.text += delta;
    this.emit({ type: 'tool-input-delta', toolCallId: tool.says.toolCallId, delta });
  }

  /** A tool's input is whole, or as whole as it will be. */
  endTool(tool: OpenTool): void {
    if (!this.tools.delete(tool.key)) return;
    if (tool.half !== '') this.appendInput(tool, '', true);
    if (tool.text.trim() === '') this.bare.push(tool);
    else this.call(tool, tool.text);
  }

  /** A tool's input is of no use, as somebody else has found. */
  refuseTool(tool: OpenTool, message: string): void {
    if (this.tools.delete(tool.key)) this.refuse(tool, message);
  }

  /** Ends what is open of a choice: a thought when a text begins, both when a tool does. */
  closeParts(choice: number, kind?: 'text' | 'reasoning'): void {
    for (const part of this.parts.values()) {
      if (part.choice === choice && (kind === undefined || part.kind === kind)) this.close(part);
    }
  }

  /** The id, or one like it where a provider has said it before: an id stands for one thing only. */
  private unused(id: string): string {
    let own = id;
    for (let again = 2; this.ids.has(own); again++) own = `${id}-${again}`;
    this.ids.add(own);
    return own;
  }

  /** Why the model stopped. */
  stop(finishReason: LlmFinishReason, rawFinishReason: string, choice = 0): void {
    this.finishes.set(choice, { choice, finishReason, rawFinishReason });
  }

  /** Whether it has been said why. */
  stopped(choice: number): boolean {
    return this.finishes.has(choice);
  }

  /** The provider has said that this was all. */
  finish(): void {
    for (const part of this.parts.values()) this.close(part);
    for (const tool of this.tools.values()) this.endTool(tool);
    const finishes = [...this.finishes.values()].toSorted((a, b) => a.choice - b.choice);
    this.settle(finishes.some(({ finishReason }) => finishReason === 'length'));
    const choices = finishes.map((finish) => this.withCalls(finish));
    const [first = { finishReason: 'other', rawFinishReason: '' } as const] = choices;
    const { finishReason, rawFinishReason } = first;
    this.end({
      type: 'finish',
      finishReason,
      rawFinishReason,
      ...(this.usage === undefined ? {} : { usage: this.usage }),
      ...(choices.length > 1 ? { choices } : {}),
    });
  }

  /** The last event, behind what it took. */
  end(event: LlmEnd): void {
    if (this.usage !== undefined) this.emit({ type: 'usage', usage: this.usage });
    this.emit(event);
  }

  /** A copy that stays as it is. */
  snapshot(): LlmPartial {
    return { ...this.partial };
  }

  /**
   * Goes on behind events that were kept: what is open then is open again, and nothing is said twice.
   *
   * @returns how many of them will not be made again
   */
  recall(events: readonly LlmEvent[]): number {
    const end = events.findLastIndex(({ sequence }) => sequence !== undefined) + 1;
    for (const event of events.slice(0, end)) this.recallOne(event);
    this.again = events.length - end;
    return end;
  }

  private recallOne(event: LlmEvent): void {
    const { choice = 0 } = event as { choice?: number };
    switch (event.type) {
      case 'start':
        this.started = true;
        break;
      case 'text-start':
      case 'reasoning-start': {
        const kind = event.type === 'text-start' ? 'text' : 'reasoning';
        this.opened++;
        this.ids.add(event.id);
        const says = inChoice({ id: event.id }, choice);
        this.parts.set(event.id, { key: event.id, kind, choice, says, length: 0, signature: undefined, half: '' });
        break;
      }
      case 'text-delta':
        this.partial.textLength += event.delta.length;
        this.lengthen(event);
        break;
      case 'reasoning-delta':
        this.partial.reasoningLength += event.delta.length;
        this.lengthen(event);
        break;
      case 'text-end':
      case 'reasoning-end':
        this.parts.delete(event.id);
        break;
      case 'tool-input-start': {
        this.called++;
        this.ids.add(event.toolCallId);
        const { type: _, index, sequence: __, ...says } = event;
        const key = `${index}`;
        this.tools.set(key, { key, choice, index, says, free: false, text: '', signature: undefined, half: '' });
        break;
      }
      case 'tool-input-delta':
        for (const tool of this.tools.values()) {
          if (tool.says.toolCallId === event.toolCallId) tool.text += event.delta;
        }
        break;
      case 'tool-call':
      case 'tool-input-error':
        for (const tool of this.tools.values()) {
          if (tool.says.toolCallId === event.toolCallId) this.tools.delete(tool.key);
        }
        if (event.type === 'tool-call') this.counts(event);
        break;
      default:
    }
  }

  private lengthen({ id, delta }: { readonly id: string; readonly delta: string }): void {
    const part = this.parts.get(id);
    if (part !== undefined) part.length += delta.length;
  }

  private counts({ choice = 0, providerExecuted }: LlmToolPart): void {
    this.partial.toolCalls++;
    if (providerExecuted !== true) this.callers.add(choice);
  }

  /** Some say `stop` for a model that waits for its tools. */
  private withCalls(finish: LlmChoiceFinish): LlmChoiceFinish {
    const calls = finish.finishReason === 'stop' && this.callers.has(finish.choice);
    return calls ? { ...finish, finishReason: 'tool-calls' } : finish;
  }

  /** @param cut - whether the model may have been stopped before it wrote their input */
  private settle(cut: boolean): void {
    if (this.bare.length === 0) return;
    for (const tool of this.bare.splice(0)) {
      if (cut) this.refuse(tool, 'the input is cut off');
      else this.call(tool, tool.free ? '' : '{}');
    }
  }

  private call(tool: OpenTool, inputText: string): void {
    let input: JsonValue = inputText;
    try {
      if (!tool.free) input = parsed(inputText);
    } catch (error) {
      return this.refuse(tool, (error as Error).message.toWellFormed());
    }
    this.counts(tool.says);
    const { says, signature } = tool;
    const kept = signature === undefined ? {} : { signature };
    this.emit({ type: 'tool-call', ...says, input, inputText, ...kept });
  }

  private refuse(tool: OpenTool, message: string): void {
    this.emit({ type: 'tool-input-error', ...tool.says, inputText: tool.text, message });
  }
}

/** The text may be well-formed and say in escapes what is not. */
function parsed(json: string): JsonValue {
  const value = JSON.parse(json) as JsonValue;
  return /\\u[dD][89a-fA-F]/.test(json) ? plain(value) : value;
}

/** What may stand before the start. */
const early: ReadonlySet<string> = new Set(['start', 'usage', 'error', 'abort', 'keep-alive', 'raw']);

/** The first choice goes without saying. */
function inChoice<T extends object>(says: T, choice: number): T {
  return choice === 0 ? says : { ...says, choice };
}

/** What a piece adds: whole characters. Half of one waits for the other half; one that is alone becomes U+FFFD. */
function whole(growing: Growing, piece: string, last: boolean): string {
  let text = growing.half === '' ? piece : growing.half + piece;
  growing.half = '';
  if (!last && endsWithHalf(text)) {
    growing.half = text.slice(-1);
    text = text.slice(0, -1);
  }
  return text.isWellFormed() ? text : text.toWellFormed();
}
