import { TextBlocks } from './text-blocks.js';

/** Characters that are put on the page in one frame: more would be felt. */
const perFrame = 64 * 1024;

/** @internal What a {@link TextPane} needs. */
export interface TextPaneOptions {
  /** The element that scrolls and holds the blocks. */
  readonly element: HTMLElement;
  /** Most characters that are shown; the oldest go. */
  readonly keep: number;
}

/** @internal Shows a text that grows: in frames, in blocks, bounded, and following the end for who looks at it. */
export class TextPane {
  private blocks = new TextBlocks();
  private waiting: string[] = [];
  private waitingLength = 0;
  private shown = 0;
  private frame: number | undefined;
  /** Characters that are shown no more. */
  dropped = 0;

  constructor(private readonly options: TextPaneOptions) {}

  /** What is on the page and what is about to be. */
  get text(): string {
    return this.options.element.textContent + this.waiting.join('');
  }

  add(text: string): void {
    if (text === '') return;
    this.waiting.push(text);
    this.waitingLength += text.length;
    // Nothing is painted in a tab that nobody looks at, and what waits is bounded all the same.
    if (this.waitingLength > this.options.keep) this.forget();
    this.frame ??= requestAnimationFrame(() => this.paint());
  }

  private forget(): void {
    const all = this.waiting.join('');
    const rest = all.slice(-this.options.keep);
    this.dropped += all.length - rest.length + this.shown;
    this.options.element.replaceChildren();
    this.blocks = new TextBlocks();
    this.shown = 0;
    this.waiting = [rest];
    this.waitingLength = rest.length;
  }

  private paint(): void {
    this.frame = undefined;
    const { element } = this.options;
    const follows = element.scrollTop + element.clientHeight >= element.scrollHeight - 48;
    for (const { text, joins } of this.blocks.add(this.take())) {
      const last = element.lastElementChild;
      if (joins && last !== null) last.append(text);
      else element.append(block(text));
      this.shown += text.length;
    }
    this.trim();
    if (follows) element.scrollTop = element.scrollHeight;
    if (this.waitingLength > 0) this.frame = requestAnimationFrame(() => this.paint());
  }

  private take(): string {
    const parts: string[] = [];
    for (let length = 0; length < perFrame && this.waiting.length > 0;) {
      const part = this.waiting[0]!;
      const room = Math.min(part.length, perFrame - length);
      // Not within a pair of surrogates.
      const end = part.codePointAt(room - 1)! > 0xffff ? room + 1 : room;
      parts.push(part.slice(0, end));
      length += end;
      if (part.length > end) this.waiting[0] = part.slice(end);
      else this.waiting.shift();
    }
    const text = parts.join('');
    this.waitingLength -= text.length;
    return text;
  }

  private trim(): void {
    const { element, keep } = this.options;
    while (this.shown > keep && element.childElementCount > 1) {
      const first = element.firstElementChild!;
      const length = first.textContent.length;
      this.shown -= length;
      this.dropped += length;
      first.remove();
    }
  }

  /** Empties it, for another text. */
  clear(): void {
    this.stop();
    this.options.element.replaceChildren();
    this.blocks = new TextBlocks();
    this.waiting = [];
    this.waitingLength = 0;
    this.shown = 0;
    this.dropped = 0;
  }

  stop(): void {
    if (this.frame !== undefined) cancelAnimationFrame(this.frame);
    this.frame = undefined;
  }
}

function block(text: string): HTMLElement {
  const element = document.createElement('div');
  element.append(text);
  return element;
}
