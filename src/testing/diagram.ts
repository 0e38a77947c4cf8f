import type { ObservableNotification } from 'rxjs';
import { chai, expect } from 'vitest';

/** @internal One notification and the frame it came in. */
export interface Message {
  readonly frame: number;
  readonly notification: ObservableNotification<unknown>;
}

/** @internal The frames of one subscription; `Infinity` for what did not happen. */
export interface SubscriptionFrames {
  readonly subscribedFrame: number;
  readonly unsubscribedFrame: number;
}

/** @internal What the letters of a diagram stand for. Without it they stand for themselves. */
export type Values = Readonly<Record<string, unknown>>;

/** @internal Whether vitest's `toEqual` finds two values equal; the second may hold asymmetric matchers. */
export function equal(received: unknown, expected: unknown): boolean {
  try {
    expect(received).toEqual(expected);
    return true;
  } catch {
    return false;
  }
}

/** @internal Shows two runs of notifications as marbles, one above the other, and what their letters stand for. */
export function compareMessages(expected: readonly Message[], received: readonly Message[], values?: Values): string {
  const letters = new Letters(values);
  const cells = [cellsOf(expected, letters), cellsOf(received, letters)] as const;
  return [...stack(cells), ...letters.legend(), ...errorLines(expected, received)].join('\n');
}

/** @internal Shows two lists of subscriptions as marbles, one line for each subscription. */
export function compareSubscriptions(
  expected: readonly SubscriptionFrames[],
  received: readonly SubscriptionFrames[],
): string {
  const lines = (label: string, logs: readonly SubscriptionFrames[]) =>
    logs.length === 0 ? [`${label}  no subscription`] : logs.map((log) => `${label}  ${drawSubscription(log)}`);
  return [...lines('expected', expected), ...lines('received', received)].join('\n');
}

/**
 * Refuses diagrams that RxJS reads differently from how they look: a time without the space it must end with, a letter
 * that `values` does not have.
 *
 * @internal
 */
export function checkDiagram(marbles: string, values?: unknown): void {
  const time = /(?:^| )(\d+(?:\.\d+)?(?:ms|s|m))(?=[-()|#^!]|$)/.exec(marbles);
  if (time !== null) throw new TypeError(`marbles "${marbles}": the time ${time[1]} must be followed by a space`);
  if (typeof values !== 'object' || values === null) return;
  for (const letter of marbles.replace(/(?<=^| )\d+(?:\.\d+)?(?:ms|s|m) /g, '')) {
    if (' -()|#^!'.includes(letter) || Object.hasOwn(values, letter)) continue;
    throw new TypeError(`marbles "${marbles}": values has no "${letter}"`);
  }
}

/** What happened in one frame: `a`, or `(ab|)`. */
interface Cell {
  readonly frame: number;
  readonly text: string;
}

type Sides = readonly [expected: readonly Cell[], received: readonly Cell[]];

function cellsOf(messages: readonly Message[], letters: Letters): Cell[] {
  const texts = new Map<number, string>();
  for (const { frame, notification } of messages) {
    texts.set(frame, (texts.get(frame) ?? '') + letters.of(notification));
  }
  return [...texts].map(([frame, text]) => ({ frame, text: [...text].length > 1 ? `(${text})` : text }));
}

function stack(sides: Sides): string[] {
  const draw = sides.every(fits) ? drawer(sides) : list;
  return [`expected  ${draw(sides[0])}`, `received  ${draw(sides[1])}`];
}

/** Whether marbles can say it: a group takes as many frames as it has characters, so the next item must wait. */
function fits(cells: readonly Cell[]): boolean {
  return cells.every(({ frame }, i) => i === 0 || frame >= endOf(cells[i - 1]!));
}

function list(cells: readonly Cell[]): string {
  return cells.length === 0 ? 'nothing' : cells.map(({ frame, text }) => `${frame}:${text}`).join(' ');
}

const longPause = 20;

/** Draws either side; a long time in which both are silent becomes `20ms`, so that what follows stays aligned. */
function drawer(sides: Sides): (cells: readonly Cell[]) => string {
  const pauses = longPauses(sides);
  return (cells) => {
    let line = '';
    let at = 0;
    for (const cell of cells) {
      line += silence(at, cell.frame, pauses) + cell.text;
      at = endOf(cell);
    }
    return line === '' ? '-' : line;
  };
}

function longPauses(sides: Sides): Map<number, number> {
  const pauses = new Map<number, number>();
  let at = 0;
  for (const cell of sides.flat().sort((a, b) => a.frame - b.frame)) {
    if (cell.frame - at > longPause) pauses.set(at, cell.frame);
    at = Math.max(at, endOf(cell));
  }
  return pauses;
}

function silence(from: number, to: number, pauses: ReadonlyMap<number, number>): string {
  let line = '';
  let at = from;
  while (at < to) {
    const end = pauses.get(at);
    line += end === undefined ? '-' : ` ${end - at}ms `;
    at = end ?? at + 1;
  }
  return line;
}

function endOf({ frame, text }: Cell): number {
  return frame + [...text].length;
}

function drawSubscription({ subscribedFrame, unsubscribedFrame }: SubscriptionFrames): string {
  const start = frames(subscribedFrame);
  if (unsubscribedFrame === Infinity) return `${start}^`;
  if (unsubscribedFrame === subscribedFrame) return `${start}(^!)`;
  return `${start}^${frames(unsubscribedFrame - subscribedFrame - 1)}!`;
}

function frames(count: number): string {
  return count > longPause ? ` ${count}ms ` : '-'.repeat(count);
}

function errorLines(expected: readonly Message[], received: readonly Message[]): string[] {
  const [above, below] = [errorOf(expected), errorOf(received)];
  if (above === undefined || below === undefined || equal(below.error, above.error)) return [];
  return [`expected # = ${show(above.error)}`, `received # = ${show(below.error)}`];
}

function errorOf(messages: readonly Message[]) {
  return messages.map((m) => m.notification).find((n) => n.kind === 'E');
}

/** Gives every value a letter: the test's own where there is one, a fresh one otherwise. */
class Letters {
  readonly #known: { readonly letter: string; readonly value: unknown; used: boolean }[];

  constructor(values: Values = {}) {
    this.#known = Object.entries(values).map(([letter, value]) => ({ letter, value, used: false }));
  }

  of(notification: ObservableNotification<unknown>): string {
    if (notification.kind === 'C') return '|';
    return notification.kind === 'E' ? '#' : this.#letterOf(notification.value);
  }

  legend(): string[] {
    const notable = this.#known.filter(({ letter, value, used }) => used && value !== letter);
    return notable.map(({ letter, value }) => `  ${letter} = ${show(value)}`);
  }

  #letterOf(value: unknown): string {
    const known = this.#known.find((entry) => equal(value, entry.value));
    const entry = known ?? { letter: this.#fresh(value), value, used: true };
    if (known === undefined) this.#known.push(entry);
    entry.used = true;
    return entry.letter;
  }

  #fresh(value: unknown): string {
    const free = (letter: string) => this.#known.every((entry) => entry.letter !== letter);
    if (typeof value === 'string' && /^[a-z0-9]$/i.test(value) && free(value)) return value;
    return [...'ABCDEFGHIJKLMNOPQRSTUVWXYZ'].find(free) ?? '?';
  }
}

function show(value: unknown): string {
  if (typeof value === 'number') return Object.is(value, -0) ? '-0' : String(value);
  if (value instanceof Error) return `${value.name}: ${value.message} ${chai.util.inspect({ ...value })}`;
  return chai.util.inspect(value);
}
