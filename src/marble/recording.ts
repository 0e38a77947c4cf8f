import { checkBound } from '../chunk/index.js';
import { type Marble, framesOf, type MarbleLine, type MarbleNote, type Marbles, type Moment } from './marbles.js';

/**
 * One thing that happened to a reader. `at` is in milliseconds. A chunk `arrived` when its turn had come; else it was `early`
 * and is held, or a `duplicate` and dropped; `repaired` is one that had been asked for again. What is `delivered` the consumer
 * has; `gap` is what it is told will not come, from `seq` up to, not including, `to`.
 */
export type MarbleEvent =
  | {
      readonly type: 'arrived' | 'early' | 'duplicate' | 'repaired' | 'delivered';
      readonly at: number;
      readonly seq: number;
    }
  | { readonly type: 'gap'; readonly at: number; readonly seq: number; readonly to: number }
  | { readonly type: 'credit'; readonly at: number; readonly chunks: number }
  | { readonly type: 'completed'; readonly at: number }
  | { readonly type: 'failed'; readonly at: number };

/** Options of {@link createRecording}. */
export interface RecordingOptions {
  /** Events that are remembered; the oldest go. Default 256. */
  readonly maxEvents?: number;
  /** Chunks that may be held; of those beyond it is forgotten that they came. Default 4096. */
  readonly maxHeld?: number;
}

/**
 * Remembers the last that happened to a reader. It is told what comes and what goes, and finds out itself what was early, what
 * came twice and what was repaired.
 */
export class Recording {
  private readonly log: MarbleEvent[] = [];
  private readonly held = new Set<number>();
  private readonly asked = new Set<number>();
  /** The next that the consumer is to have, and the first that has not arrived. */
  private next: number | undefined;
  private due = 0;

  constructor(
    private readonly maxEvents: number,
    private readonly maxHeld: number,
  ) {}

  /** What is remembered, the oldest first. */
  get events(): readonly MarbleEvent[] {
    return this.log;
  }

  /** The reading begins at this number, or begins again there: what was held is let go, and comes once more. */
  started(seq: number): void {
    this.next = Math.max(this.next ?? seq, seq);
    this.due = this.next;
    this.held.clear();
    this.asked.clear();
  }

  /** A chunk came from the server. */
  arrived(seq: number, at: number): void {
    this.add({ type: this.judge(seq), seq, at });
  }

  private judge(seq: number): 'arrived' | 'early' | 'duplicate' | 'repaired' {
    this.next ??= seq;
    if (seq < this.next || this.held.has(seq)) return 'duplicate';
    remember(this.held, seq, this.maxHeld);
    this.due = Math.max(this.due, this.next);
    const isDue = seq === this.due;
    while (this.held.has(this.due)) this.due++;
    if (this.asked.delete(seq)) return 'repaired';
    return isDue ? 'arrived' : 'early';
  }

  /** Chunks that did not come were asked for again. */
  requested(from: number, to: number): void {
    for (let seq = from; seq < Math.min(to, from + this.maxHeld); seq++) remember(this.asked, seq, this.maxHeld);
  }

  /** The consumer was handed a chunk. */
  delivered(seq: number, at: number): void {
    this.passed(seq, seq + 1);
    this.add({ type: 'delivered', seq, at });
  }

  /** The consumer was told that chunks will not come. */
  gave(from: number, to: number, at: number): void {
    this.passed(from, to);
    this.add({ type: 'gap', seq: from, to, at });
  }

  private passed(from: number, to: number): void {
    this.next = Math.max(this.next ?? 0, to);
    if (to - from > this.maxHeld) this.held.clear();
    else for (let seq = from; seq < to; seq++) this.held.delete(seq);
  }

  /** The server was given leave to send more. */
  credited(chunks: number, at: number): void {
    this.add({ type: 'credit', chunks, at });
  }

  /** The stream has ended, well or not. */
  ended(well: boolean, at: number): void {
    this.add({ type: well ? 'completed' : 'failed', at });
  }

  private add(event: MarbleEvent): void {
    this.log.push(event);
    if (this.log.length > this.maxEvents) this.log.shift();
  }
}

/** A set that forgets its oldest. */
function remember(set: Set<number>, value: number, most: number): void {
  set.add(value);
  if (set.size > most) set.delete(set.keys().next().value!);
}

/** Makes a {@link Recording}. */
export function createRecording(options: RecordingOptions = {}): Recording {
  const maxEvents = checkBound('maxEvents', options.maxEvents ?? 256, { max: 4096 });
  return new Recording(maxEvents, checkBound('maxHeld', options.maxHeld ?? 4096));
}

/** The two lines of a recording. */
const [arrivals, deliveries] = ['arrived', 'delivered'] as const;

/** Options of {@link marblesOf}. */
export interface MarblesOfOptions {
  /**
   * Whether what happened at once takes as many frames as a marble string needs to say it, so that what follows closely is
   * later than it was. Default `true`; `false` for a picture that is only looked at.
   */
  readonly spread?: boolean;
}

/**
 * Makes a picture of what was recorded: two lines, what arrived above what was delivered, a frame a millisecond. Every chunk has
 * a letter, the same wherever it stands; the notes say which number it has.
 */
export function marblesOf(events: readonly MarbleEvent[], { spread = true }: MarblesOfOptions = {}): Marbles {
  const letters = new Letters();
  const lines = { [arrivals]: new LineDraft(), [deliveries]: new LineDraft() };
  const begun = events[0]?.at ?? 0;
  let frame = 0;
  let from = 0;
  while (from < events.length) {
    let to = from;
    const now = Math.round(events[from]!.at - begun);
    while (to < events.length && Math.round(events[to]!.at - begun) === now) to++;
    const together = events.slice(from, to);
    frame = Math.max(frame, now);
    for (const label of [arrivals, deliveries] as const) {
      lines[label].take(
        together.flatMap((event) => marblesIn(label, event, letters)),
        frame,
      );
    }
    frame = spread ? Math.max(lines[arrivals].end, lines[deliveries].end) : frame + 1;
    from = to;
  }
  return {
    lines: [lines[arrivals].line(arrivals, frame), lines[deliveries].line(deliveries, frame)],
    notes: letters.notes(),
  };
}

function marblesIn(label: typeof arrivals | typeof deliveries, event: MarbleEvent, letters: Letters): Marble[] {
  if (event.type === 'completed') return [{ letter: '|', kind: 'end' }];
  if (event.type === 'failed') return [{ letter: '#', kind: 'error' }];
  if ((event.type === 'delivered' || event.type === 'gap') !== (label === deliveries)) return [];
  switch (event.type) {
    case 'credit':
      return [{ letter: '', kind: 'credit', label: `+${event.chunks}` }];
    case 'gap':
      return [{ letter: letters.ofGap(event.seq, event.to), kind: 'gap', label: spanOf(event.seq, event.to) }];
    default:
      return [{ letter: letters.of(event.seq), kind: kinds[event.type], label: String(event.seq) }];
  }
}

const kinds = {
  arrived: 'item',
  early: 'early',
  duplicate: 'duplicate',
  repaired: 'repaired',
  delivered: 'item',
} as const;

function spanOf(from: number, to: number): string {
  return to - from === 1 ? String(from) : `${from}–${to - 1}`;
}

class LineDraft {
  private readonly moments: Moment[] = [];
  private isOver = false;
  /** The first frame that is free. */
  end = 0;

  take(marbles: readonly Marble[], at: number): void {
    if (marbles.length === 0 || this.isOver) return;
    this.moments.push({ at, marbles });
    this.isOver = marbles.some(({ kind }) => kind === 'end' || kind === 'error');
    this.end = at + Math.max(1, framesOf(marbles.filter(({ letter }) => letter !== '').length));
  }

  line(label: string, last: number): MarbleLine {
    const { isOver, moments } = this;
    return { label, from: 0, to: isOver ? moments.at(-1)!.at : last, moments };
  }
}

/** Letters that read well and mean nothing to RxJS; where they are used up, there are more than enough signs in Chinese. */
const alphabet = [...'abcdefghijklmnopqrstuvwxyzABCDEFHIJKLMNOPQRSTUVWXYZαβγδεζηθικλμνξοπρστυφχψω'];
const further = 0x4e00;

class Letters {
  private readonly known = new Map<string, { readonly letter: string; readonly text: string }>();

  of(seq: number): string {
    return this.letter(`${seq}`, `${seq}`);
  }

  ofGap(from: number, to: number): string {
    return this.letter(`${from} ${to}`, `${spanOf(from, to)} given up`);
  }

  private letter(key: string, text: string): string {
    const known = this.known.get(key);
    if (known !== undefined) return known.letter;
    const at = this.known.size;
    const letter = alphabet[at] ?? String.fromCodePoint(further + at);
    this.known.set(key, { letter, text });
    return letter;
  }

  notes(): MarbleNote[] {
    return Array.from(this.known.values(), ({ letter, text }) => ({ label: arrivals, letter, text }));
  }
}
