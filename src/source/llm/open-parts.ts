import type { LlmEvent, LlmPart } from './event.js';
import { inChoice, known } from './fields.js';
import type { OpenTools } from './open-tools.js';
import type { Sequencer } from './sequencer.js';
import { type GrowingText, wholeText } from './whole-text.js';

/** @internal What a model writes to be read: an answer, or what it thought of before. */
export type PartKind = 'text' | 'reasoning';

/** @internal A text or a thought that is open. */
export interface OpenPart extends GrowingText {
  readonly key: string;
  readonly kind: PartKind;
  readonly choice: number;
  /** What all of its events say. */
  readonly says: LlmPart;
  /** UTF-16 units so far. */
  length: number;
  /** What the provider wants back with it. */
  signature: string | undefined;
}

/** @internal The texts and thoughts of an answer that are open, each told from its start to its end. */
export class OpenParts {
  /** UTF-16 units so far, of all texts. */
  textLength = 0;
  /** The same of all thoughts. */
  reasoningLength = 0;
  private readonly parts = new Map<string, OpenPart>();
  private opened = 0;

  constructor(
    private readonly sequencer: Sequencer,
    private readonly tools: OpenTools,
  ) {}

  /** The part of that key, if it is open. */
  get(key: string): OpenPart | undefined {
    return this.parts.get(key);
  }

  /** The part of that kind that was opened last, of those that are open. */
  last(kind: PartKind): OpenPart | undefined {
    return [...this.parts.values()].findLast((part) => part.kind === kind);
  }

  /** Opens a text or a thought, unless one of that key is open. */
  open(kind: PartKind, key: string, choice = 0, id = `${kind}-${this.opened}`): OpenPart {
    const there = this.parts.get(key);
    if (there !== undefined) return there;
    this.tools.settle(false);
    const part = this.add(kind, key, choice, this.sequencer.takeId(id));
    this.sequencer.emit({ type: kind === 'text' ? 'text-start' : 'reasoning-start', ...part.says });
    return part;
  }

  private add(kind: PartKind, key: string, choice: number, id: string): OpenPart {
    this.opened++;
    const says = inChoice({ id }, choice);
    const part: OpenPart = { key, kind, choice, says, length: 0, signature: undefined, half: '' };
    this.parts.set(key, part);
    return part;
  }

  /** More of a part. */
  append(part: OpenPart, piece: string, last = false): void {
    const delta = wholeText(part, piece, last);
    part.length += piece.length;
    if (delta === '') return;
    this.count(part.kind, delta);
    const { id, choice } = part.says;
    const type = part.kind === 'text' ? 'text-delta' : 'reasoning-delta';
    this.sequencer.emit(choice === undefined ? { type, id, delta } : { type, id, choice, delta });
  }

  private count(kind: PartKind, { length }: string): void {
    if (kind === 'text') this.textLength += length;
    else this.reasoningLength += length;
  }

  /** A part is whole. */
  close(part: OpenPart, encrypted?: string): void {
    if (!this.parts.has(part.key)) return;
    if (part.half !== '') this.append(part, '', true);
    this.parts.delete(part.key);
    const { kind, says, signature } = part;
    const kept = known<{ signature?: string; encrypted?: string }>({ signature, encrypted });
    this.sequencer.emit({ type: kind === 'text' ? 'text-end' : 'reasoning-end', ...says, ...kept });
  }

  /** Closes what is open: all of it, or of one choice, as a thought when a text begins, and both when a tool does. */
  closeAll(choice?: number, kind?: PartKind): void {
    for (const part of this.parts.values()) {
      const meant = (choice === undefined || part.choice === choice) && (kind === undefined || part.kind === kind);
      if (meant) this.close(part);
    }
  }

  /** Takes over what an event that was kept says of parts. */
  recall(event: LlmEvent): void {
    switch (event.type) {
      case 'text-start':
      case 'reasoning-start': {
        const kind = event.type === 'text-start' ? 'text' : 'reasoning';
        this.add(kind, event.id, event.choice ?? 0, this.sequencer.takeId(event.id));
        break;
      }
      case 'text-delta':
      case 'reasoning-delta': {
        this.count(event.type === 'text-delta' ? 'text' : 'reasoning', event.delta);
        const part = this.parts.get(event.id);
        if (part !== undefined) part.length += event.delta.length;
        break;
      }
      case 'text-end':
      case 'reasoning-end':
        this.parts.delete(event.id);
        break;
      default:
    }
  }
}
