import type { JsonValue } from '../../chunk/index.js';
import type { LlmEvent, LlmToolPart } from './event.js';
import { inChoice, known, plain } from './fields.js';
import type { Sequencer } from './sequencer.js';
import { Trouble } from './trouble.js';
import { type GrowingText, wholeText } from './whole-text.js';

/** @internal A tool whose input is open. */
export interface OpenTool extends GrowingText {
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

/** @internal The tools of an answer whose input is open, each told from its name to its call, or to why there is none. */
export class OpenTools {
  /** How many were called so far. */
  calls = 0;
  private readonly tools = new Map<string, OpenTool>();
  /** Tools that have ended without any input: cut off, or in want of none? What comes next tells. */
  private readonly bare: OpenTool[] = [];
  /** Choices that wait for tools that are ours to run. */
  private readonly callers = new Set<number>();
  private opened = 0;

  constructor(
    private readonly sequencer: Sequencer,
    private readonly maxInputLength: number,
  ) {}

  /** The tool of that key, if its input is open. */
  get(key: string): OpenTool | undefined {
    return this.tools.get(key);
  }

  /** The tool that was opened last, of those whose input is open. */
  last(choice: number): OpenTool | undefined {
    return [...this.tools.values()].findLast((tool) => tool.choice === choice);
  }

  /** A tool is being called. */
  open(key: string, options: ToolOptions): OpenTool {
    const { id, name, index, choice = 0, providerExecuted = false, free = false } = options;
    this.settle(false);
    const before = this.tools.get(key);
    if (before !== undefined) this.end(before);
    const said = { toolCallId: this.sequencer.takeId(id ?? `call-${this.opened}`), toolName: name };
    const says = inChoice(providerExecuted ? { ...said, providerExecuted } : said, choice);
    const tool = this.add(key, index, choice, says, free);
    this.sequencer.emit({ type: 'tool-input-start', ...says, index });
    return tool;
  }

  private add(key: string, index: number, choice: number, says: LlmToolPart, free: boolean): OpenTool {
    this.opened++;
    const tool: OpenTool = { key, choice, index, says, free, text: '', signature: undefined, half: '' };
    this.tools.set(key, tool);
    return tool;
  }

  /** More of a tool's input. */
  append(tool: OpenTool, piece: string, last = false): void {
    const delta = wholeText(tool, piece, last);
    if (delta === '') return;
    if (tool.text.length + delta.length > this.maxInputLength) {
      throw new Trouble('overflow', `the input of a tool is longer than maxEventLength = ${this.maxInputLength}`);
    }
    tool.text += delta;
    this.sequencer.emit({ type: 'tool-input-delta', toolCallId: tool.says.toolCallId, delta });
  }

  /** A tool's input is whole, or as whole as it will be. */
  end(tool: OpenTool): void {
    if (!this.tools.delete(tool.key)) return;
    if (tool.half !== '') this.append(tool, '', true);
    if (tool.text.trim() === '') this.bare.push(tool);
    else this.call(tool, tool.text);
  }

  /** All inputs are as whole as they will be. */
  endAll(): void {
    for (const tool of this.tools.values()) this.end(tool);
  }

  /** A tool's input is of no use, as somebody else has found. */
  refuse(tool: OpenTool, message: string): void {
    if (this.tools.delete(tool.key)) this.fail(tool, message);
  }

  /**
   * Something comes behind tools that have ended without any input.
   *
   * @param cut - whether the model may have been stopped before it wrote their input
   */
  settle(cut: boolean): void {
    if (this.bare.length === 0) return;
    for (const tool of this.bare.splice(0)) {
      if (cut) this.fail(tool, 'the input is cut off');
      else this.call(tool, tool.free ? '' : '{}');
    }
  }

  /** Whether a choice waits for tools that are ours to run. */
  isAwaited(choice: number): boolean {
    return this.callers.has(choice);
  }

  /** Takes over what an event that was kept says of tools. */
  recall(event: LlmEvent): void {
    switch (event.type) {
      case 'tool-input-start': {
        const { type: _, index, sequence: __, ...says } = event;
        this.sequencer.takeId(event.toolCallId);
        this.add(`${index}`, index, event.choice ?? 0, says, false);
        break;
      }
      case 'tool-input-delta': {
        const tool = this.called(event.toolCallId);
        if (tool !== undefined) tool.text += event.delta;
        break;
      }
      case 'tool-call':
      case 'tool-input-error': {
        const tool = this.called(event.toolCallId);
        if (tool !== undefined) this.tools.delete(tool.key);
        if (event.type === 'tool-call') this.count(event);
        break;
      }
      default:
    }
  }

  private called(toolCallId: string): OpenTool | undefined {
    return [...this.tools.values()].find(({ says }) => says.toolCallId === toolCallId);
  }

  private call(tool: OpenTool, inputText: string): void {
    let input: JsonValue = inputText;
    try {
      if (!tool.free) input = parsed(inputText);
    } catch (error) {
      return this.fail(tool, (error as Error).message.toWellFormed());
    }
    const { says, signature } = tool;
    this.count(says);
    const kept = known<{ signature?: string }>({ signature });
    this.sequencer.emit({ type: 'tool-call', ...says, input, inputText, ...kept });
  }

  private count({ choice = 0, providerExecuted }: LlmToolPart): void {
    this.calls++;
    if (providerExecuted !== true) this.callers.add(choice);
  }

  private fail(tool: OpenTool, message: string): void {
    this.sequencer.emit({ type: 'tool-input-error', ...tool.says, inputText: tool.text, message });
  }
}

/** The text may be well-formed and say in escapes what is not. */
function parsed(json: string): JsonValue {
  const value = JSON.parse(json) as JsonValue;
  return /\\u[dD][89a-fA-F]/.test(json) ? plain(value) : value;
}
