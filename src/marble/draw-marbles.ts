import { Columns } from './columns.js';
import { describeMarbles, kindWords } from './describe-marbles.js';
import { fills, pictureStyle } from './colours.js';
import type { Marble, MarbleKind, MarbleLine, MarbleNote, Marbles, Moment } from './marbles.js';
import { svg, type SvgNode } from './svg.js';

/** Pixels. */
const cell = 30;
const radius = 12;
const margin = 18;
const boxHeight = 30;
const lineHeight = 46;
const noteHeight = 26;

/** Options of {@link drawMarbles}. */
export interface DrawMarblesOptions {
  /** What the picture is called, for those who do not see it. */
  readonly title: string;
  /** Lines whose label is a call of this operator get their label in a box above, as it stands in a pipeline. */
  readonly operator?: string;
  /** Marbles of one moment that are drawn; how many more there are is said. Default 6. */
  readonly maxPile?: number;
  /** Frames in which nothing happens, beyond which they are drawn as one pause that says how long it was. Default 24. */
  readonly longPause?: number;
  /** Pixels that the picture is wide at least; lines that go on do so to its edge. Default: what they need, and 360. */
  readonly minWidth?: number;
  /** Whether the picture brings its own style, light and dark. A page has that of `pageStyle` instead. Default `true`. */
  readonly standalone?: boolean;
  /** Whether the notes on letters and kinds are drawn. Default `true`. */
  readonly notes?: boolean;
}

/**
 * Draws marbles: time goes to the right, what comes in one moment stands in a pile, the first on top. What a marble is can be
 * told without colours: an early one has a ring, a duplicate is struck out, a repaired one is square, a gap is dashed.
 *
 * @example
 * svgText(drawMarbles(readMarbles(['source  -a-b-|']), { title: 'Two letters' }));
 */
export function drawMarbles(marbles: Marbles, options: DrawMarblesOptions): SvgNode {
  return new Picture(marbles, options).draw();
}

class Picture {
  private readonly lines: readonly MarbleLine[];
  private readonly notes: readonly MarbleNote[];
  private readonly columns: Columns;
  private readonly maxPile: number;
  /** Where frame 0 begins. */
  private readonly left: number;
  private readonly width: number;
  private readonly parts: SvgNode[] = [];
  private readonly fills = new Map<string, string>();
  private y = margin;

  constructor(
    private readonly marbles: Marbles,
    private readonly options: DrawMarblesOptions,
  ) {
    const { lines } = marbles;
    this.lines = lines;
    this.columns = new Columns(lines, options.longPause ?? 24);
    this.maxPile = options.maxPile ?? 6;
    this.notes = options.notes === false ? [] : [...marbles.notes, ...kindNotes(lines)];
    const gutter = Math.max(0, ...lines.map((line) => widthOf(this.besides(line))));
    this.left = margin + gutter + 20;
    const last = Math.max(0, ...lines.map(({ to }) => this.columns.of(to)));
    const boxes = lines.map((line) => (this.isCall(line) ? codeWidth(line.label) + 2 * margin + 24 : 0));
    this.width = Math.ceil(Math.max(360, options.minWidth ?? 0, this.left + (last + 1.6) * cell + margin, ...boxes));
  }

  draw(): SvgNode {
    for (const line of this.lines) this.drawLine(line);
    this.drawNotes();
    const [{ title, standalone = true }, height] = [this.options, this.y + margin - 4];
    return svg(
      'svg',
      {
        xmlns: 'http://www.w3.org/2000/svg',
        width: this.width,
        height,
        viewBox: `0 0 ${this.width} ${height}`,
        role: 'img',
        'aria-label': title,
      },
      svg('title', {}, title),
      svg('desc', {}, describeMarbles(this.marbles)),
      ...(standalone ? [svg('style', {}, pictureStyle)] : []),
      svg('rect', { class: 'paper', x: 0.5, y: 0.5, width: this.width - 1, height: height - 1, rx: 8 }),
      ...this.parts,
    );
  }

  /** The call of an operator stands in a box above what comes out of it; all else beside its line. */
  private isCall({ label }: Pick<MarbleLine, 'label'>): boolean {
    return this.options.operator !== undefined && label.startsWith(`${this.options.operator}(`);
  }

  private besides(line: MarbleLine): string {
    return this.isCall(line) || line.label === '' ? 'result' : line.label;
  }

  private drawLine(line: MarbleLine): void {
    if (this.isCall(line)) this.drawBox(line.label);
    const height = Math.max(lineHeight, ...line.moments.map((one) => this.pileOf(one).length * 2 * radius + 22));
    const y = this.y + height / 2;
    this.y += height;
    this.text(margin, y + 4.5, 'label', this.besides(line));
    this.drawTime(line, y);
    for (const moment of line.moments) this.drawMoment(moment, y);
  }

  private drawBox(call: string): void {
    const y = this.y + 4;
    this.add('rect', { class: 'box', x: margin, y, width: this.width - 2 * margin, height: boxHeight, rx: 5 });
    this.text(this.width / 2, y + boxHeight / 2 + 4.5, 'code', call, { 'text-anchor': 'middle' });
    this.y += boxHeight + 4;
  }

  /** The time of a line: to its end, or with a tip where it goes on; open where nothing happened for long. */
  private drawTime({ from, to, moments }: MarbleLine, y: number): void {
    const isOver = moments.some(({ marbles }) => marbles.some(({ kind }) => kind === 'end' || kind === 'error'));
    const start = this.left + this.columns.of(from) * cell - 8;
    const end = isOver ? this.middle(to) : this.endOf(to);
    const pauses = this.columns.pauses.filter((pause) => pause.from >= from && pause.to <= to);
    const breaks = pauses.map((pause) => `H${this.left + pause.column * cell + 4}m${cell - 8} 0`).join('');
    this.add('path', { class: 'time', d: `M${start} ${y}${breaks}H${end}` });
    for (const { column, length } of pauses) {
      this.text(this.left + (column + 0.5) * cell, y - 7, 'label tiny', spanWords(length));
    }
    if (!isOver) this.add('path', { class: 'tip', d: `M${end} ${y - 5}l10 5l-10 5z` });
  }

  /** Where a line ends that goes on. */
  private endOf(frame: number): number {
    const { minWidth = 0 } = this.options;
    return Math.max(this.left + (this.columns.of(frame) + 0.5) * cell, minWidth - margin - 12);
  }

  private drawMoment(moment: Moment, y: number): void {
    const x = this.middle(moment.at);
    const pile = this.pileOf(moment);
    const reach = Math.max(pile.length, 1) * radius + (pile.length === 0 ? 6 : 8);
    const credit = moment.marbles.find(({ kind }) => kind === 'credit');
    if (moment.marbles.some(({ kind }) => kind === 'end')) {
      this.add('path', { class: 'end', d: `M${x} ${y - reach}V${y + reach}` });
    }
    // What comes in the same moment stands in a pile, the first on top.
    pile.forEach((marble, i) => this.drawMarble(marble, x, y + (2 * i - pile.length + 1) * radius));
    if (credit !== undefined) this.drawCredit(credit, x, y + pile.length * radius);
  }

  private pileOf({ marbles }: Moment): readonly (Marble | string)[] {
    const items = marbles.filter(({ kind }) => kind !== 'end' && kind !== 'credit');
    if (items.length <= this.maxPile) return items;
    return [...items.slice(0, this.maxPile - 1), `+${items.length - this.maxPile + 1}`];
  }

  private drawMarble(marble: Marble | string, x: number, y: number, r: number = radius): void {
    if (typeof marble === 'string') return this.text(x, y, 'small', marble);
    const { letter, kind } = marble;
    if (kind === 'error') {
      this.add('path', { class: 'cross', d: `M${x - 8} ${y - 8}l16 16M${x + 8} ${y - 8}l-16 16` });
      return;
    }
    this.drawBody(kind, letter, x, y, r - 0.75);
    const label = marble.label ?? letter;
    // Of a long number the end tells neighbours apart.
    const written = label.length > 4 ? `…${label.slice(-3)}` : label;
    this.text(x, y, label.length > 2 ? `small${kind === 'early' ? ' held' : ''}` : 'letter', written);
    if (kind === 'duplicate') this.add('path', { class: 'strike', d: `M${x - r} ${y + r}L${x + r} ${y - r}` });
  }

  private drawBody(kind: MarbleKind, letter: string, x: number, y: number, r: number): void {
    if (kind === 'gap') return this.add('circle', { class: 'hole', cx: x, cy: y, r });
    const fill = this.fillOf(letter);
    if (kind === 'repaired') {
      return this.add('rect', { class: `item mended ${fill}`, x: x - r, y: y - r, width: 2 * r, height: 2 * r, rx: 3 });
    }
    const inner = kind === 'early' ? r - 2 : r;
    if (kind === 'early') this.add('circle', { class: 'ring', cx: x, cy: y, r: r + 0.75 });
    this.add('circle', { class: `item ${fill}`, cx: x, cy: y, r: inner });
  }

  private drawCredit({ label = '' }: Marble, x: number, y: number): void {
    this.add('path', { class: 'credit', d: `M${x - 4} ${y + 9}l4 -6l4 6z` });
    this.text(x, y + 18, 'label tiny', label);
  }

  private drawNotes(): void {
    if (this.notes.length === 0) return;
    this.y += 8;
    let x = margin;
    for (const note of this.notes) {
      const marble = this.sampleOf(note);
      const text = this.wordsOf(note);
      const width = widthOf(text) + (marble === undefined ? 0 : 28) + 20;
      if (x > margin && x + width > this.width) {
        x = margin;
        this.y += noteHeight;
      }
      const y = this.y + noteHeight / 2;
      if (marble !== undefined) this.drawMarble(marble, x + 10, y, 10);
      this.text(x + (marble === undefined ? 0 : 28), y + 4.5, 'label', text);
      x += width;
    }
    this.y += noteHeight;
  }

  /** How a letter looks where it first stands; beside the note on a kind, how that looks. */
  private sampleOf({ letter, text }: MarbleNote): Marble | undefined {
    if (letter === undefined) return undefined;
    if (letter === '') return { letter: '', kind: kindOf(text) };
    const all = this.lines.flatMap(({ moments }) => moments.flatMap(({ marbles }) => marbles));
    const kind = all.find((marble) => marble.letter === letter && marble.kind === 'gap')?.kind ?? 'item';
    return { letter, kind };
  }

  /** Below the picture it is no longer plain which line a word is about. */
  private wordsOf({ label, letter, text }: MarbleNote): string {
    const plain = letter !== undefined || label === 'source' || this.isCall({ label });
    return plain ? text : `${label}: ${text}`;
  }

  /** A letter has one colour wherever it stands. */
  private fillOf(letter: string): string {
    const fill = this.fills.get(letter) ?? `f${this.fills.size % fills}`;
    this.fills.set(letter, fill);
    return fill;
  }

  private middle(frame: number): number {
    return this.left + (this.columns.of(frame) + 0.5) * cell;
  }

  private text(x: number, y: number, kind: string, text: string, more: SvgNode['attributes'] = {}): void {
    this.parts.push(svg('text', { class: kind, x, y, ...more }, text));
  }

  private add(tag: string, attributes: SvgNode['attributes']): void {
    this.parts.push(svg(tag, attributes));
  }
}

/** A note for each kind of marble that does not speak for itself. */
function kindNotes(lines: readonly MarbleLine[]): MarbleNote[] {
  const drawn = new Set(
    lines.flatMap(({ moments }) => moments.flatMap(({ marbles }) => marbles.map(({ kind }) => kind))),
  );
  return [...kindWords].filter(([kind]) => drawn.has(kind)).map(([, text]) => ({ label: '', letter: '', text }));
}

function kindOf(words: string): MarbleKind {
  return [...kindWords].find(([, text]) => text === words)![0];
}

function spanWords(frames: number): string {
  return frames < 1000 ? `${frames} ms` : `${(frames / 1000).toFixed(1)} s`;
}

/** Widths are estimates: a picture does not know the fonts it will be shown in. */
function widthOf(text: string): number {
  return Math.ceil([...text].length * 7.1);
}

function codeWidth(text: string): number {
  return Math.ceil([...text].length * 7.7);
}
