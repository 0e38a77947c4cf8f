import type { Line, Marbles, Moment, Note } from './marbles.js';

/** Pixels. */
const cell = 30;
const radius = 12;
const margin = 18;
const textHeight = 13;
const boxHeight = 30;
const lineHeight = 46;
const noteHeight = 26;

/** As many as there are fills in the style below. */
const fills = 8;

const style = `
  .paper { fill: #ffffff; stroke: #d8dee4 }
  text { font: ${textHeight}px system-ui, -apple-system, 'Segoe UI', sans-serif; fill: #1f2328 }
  .code { font-family: ui-monospace, 'SF Mono', Menlo, Consolas, 'DejaVu Sans Mono', monospace; font-size: 12.5px }
  .label { fill: #59636e }
  .letter { font-weight: 600; text-anchor: middle; dominant-baseline: central }
  .box { fill: #f3f5f7; stroke: #d8dee4 }
  .time { stroke: #818b98; stroke-width: 1.5; fill: none }
  .tip { fill: #818b98 }
  .end { stroke: #1f2328; stroke-width: 2.5 }
  .cross { stroke: #d1242f; stroke-width: 2.5; stroke-linecap: round }
  .item { stroke: #1f2328; stroke-width: 1.2 }
  .hole { fill: #ffffff; stroke: #59636e; stroke-width: 1.5; stroke-dasharray: 3.5 3 }
  .f0 { fill: #ffd8a8 } .f1 { fill: #a5d8ff } .f2 { fill: #b2f2bb } .f3 { fill: #eebefa }
  .f4 { fill: #ffec99 } .f5 { fill: #ffc9c9 } .f6 { fill: #99e9f2 } .f7 { fill: #d0bfff }
  @media (prefers-color-scheme: dark) {
    .paper { fill: #0d1117; stroke: #3d444d }
    text { fill: #f0f6fc }
    .label { fill: #9198a1 }
    .box { fill: #1c2128; stroke: #3d444d }
    .time { stroke: #818b98 }
    .end { stroke: #f0f6fc }
    .cross { stroke: #ff6b6b }
    .item { stroke: #c9d1d9 }
    .hole { fill: #0d1117; stroke: #9198a1 }
    .f0 { fill: #8a4b08 } .f1 { fill: #1b5e8f } .f2 { fill: #23693a } .f3 { fill: #7a3590 }
    .f4 { fill: #6b5600 } .f5 { fill: #8c2f39 } .f6 { fill: #0b6672 } .f7 { fill: #4f3f9e }
  }
`;

/** Draws the marbles of an operator as an SVG that is readable on light and dark paper. */
export function drawMarbles(marbles: Marbles, operator: string): string {
  const picture = new Picture(marbles, operator);
  return picture.draw();
}

class Picture {
  private readonly lines: readonly Line[];
  private readonly notes: readonly Note[];
  /** Where frame 0 begins. */
  private readonly left: number;
  private readonly width: number;
  private readonly parts: string[] = [];
  private readonly fills = new Map<string, string>();
  private y = margin;

  constructor(
    { lines, notes }: Marbles,
    private readonly operator: string,
  ) {
    this.lines = lines;
    this.notes = notes;
    const gutter = Math.max(...lines.map((line) => widthOf(this.besides(line))));
    this.left = margin + gutter + 20;
    const time = this.left + (Math.max(...lines.map(({ to }) => to)) + 1.6) * cell;
    const boxes = lines.map((line) => (this.isCall(line) ? codeWidth(line.label) + 2 * margin + 24 : 0));
    this.width = Math.ceil(Math.max(360, time + margin, ...boxes));
  }

  draw(): string {
    for (const line of this.lines) this.drawLine(line);
    this.drawNotes();
    const height = this.y + margin - 4;
    const title = `Marble diagram of ${this.operator}`;
    return [
      `<svg xmlns="http://www.w3.org/2000/svg" width="${this.width}" height="${height}" viewBox="0 0 ${this.width} ${height}" role="img" aria-label="${title}">`,
      `<title>${title}</title>`,
      `<style>${style}</style>`,
      `<rect class="paper" x="0.5" y="0.5" width="${this.width - 1}" height="${height - 1}" rx="8"/>`,
      ...this.parts,
      '</svg>\n',
    ].join('\n');
  }

  /** The call of an operator stands in a box above what comes out of it; all else beside its line. */
  private isCall({ label }: Pick<Line, 'label'>): boolean {
    return label.startsWith(`${this.operator}(`);
  }

  private besides(line: Line): string {
    return this.isCall(line) || line.label === '' ? 'result' : line.label;
  }

  private drawLine(line: Line): void {
    if (this.isCall(line)) this.drawBox(line.label);
    const height = Math.max(lineHeight, ...line.moments.map((moment) => items(moment).length * 2 * radius + 22));
    const y = this.y + height / 2;
    this.y += height;
    this.text(margin, y + 4.5, 'label', this.besides(line));
    this.drawTime(line, y);
    for (const moment of line.moments) this.drawMoment(moment, y);
  }

  private drawBox(call: string): void {
    const y = this.y + 4;
    this.parts.push(
      `<rect class="box" x="${margin}" y="${y}" width="${this.width - 2 * margin}" height="${boxHeight}" rx="5"/>`,
    );
    this.text(this.width / 2, y + boxHeight / 2 + 4.5, 'code', call, ' text-anchor="middle"');
    this.y += boxHeight + 4;
  }

  /** The time of a line: to its end, or with a tip where it goes on. */
  private drawTime({ from, to, moments }: Line, y: number): void {
    const ended = moments.some(({ signs }) => signs.includes('|') || signs.includes('#'));
    const start = this.left + from * cell - 8;
    const end = ended ? this.middle(to) : this.left + (to + 0.5) * cell;
    this.parts.push(`<path class="time" d="M${start} ${y}H${end}"/>`);
    if (!ended) this.parts.push(`<path class="tip" d="M${end} ${y - 5}l10 5l-10 5z"/>`);
  }

  private drawMoment(moment: Moment, y: number): void {
    const x = this.middle(moment.at);
    const letters = items(moment);
    const reach = Math.max(letters.length, 1) * radius + (letters.length === 0 ? 6 : 8);
    if (moment.signs.includes('|')) this.parts.push(`<path class="end" d="M${x} ${y - reach}V${y + reach}"/>`);
    // What comes in the same moment stands in a pile, the first on top.
    letters.forEach((sign, i) => this.drawItem(sign, x, y + (2 * i - letters.length + 1) * radius));
  }

  private drawItem(sign: string, x: number, y: number, r: number = radius): void {
    if (sign === '#') {
      this.parts.push(`<path class="cross" d="M${x - 8} ${y - 8}l16 16M${x + 8} ${y - 8}l-16 16"/>`);
      return;
    }
    const kind = this.isHole(sign) ? 'hole' : `item ${this.fillOf(sign)}`;
    this.parts.push(`<circle class="${kind}" cx="${x}" cy="${y}" r="${r - 0.75}"/>`);
    this.text(x, y, 'letter', sign);
  }

  private drawNotes(): void {
    if (this.notes.length === 0) return;
    this.y += 8;
    let x = margin;
    for (const note of this.notes) {
      const { letter } = note;
      const text = this.wordsOf(note);
      const width = widthOf(text) + (letter === undefined ? 0 : 28) + 20;
      if (x > margin && x + width > this.width) {
        x = margin;
        this.y += noteHeight;
      }
      const y = this.y + noteHeight / 2;
      if (letter !== undefined) this.drawItem(letter, x + 10, y, 10);
      this.text(x + (letter === undefined ? 0 : 28), y + 4.5, 'label', text);
      x += width;
    }
    this.y += noteHeight;
  }

  /** Below the picture it is no longer plain which line a word is about. */
  private wordsOf({ label, letter, text }: Note): string {
    const plain = letter !== undefined || label === 'source' || this.isCall({ label });
    return plain ? text : `${label}: ${text}`;
  }

  /** A `Gap`, or what is said to be missing, is no item: it shows where one is not. */
  private isHole(letter: string): boolean {
    return (
      letter === 'G' || this.notes.some((note) => note.letter === letter && /\b(?:missing|given up)\b/.test(note.text))
    );
  }

  /** A letter has one colour wherever it stands. */
  private fillOf(letter: string): string {
    const fill = this.fills.get(letter) ?? `f${this.fills.size % fills}`;
    this.fills.set(letter, fill);
    return fill;
  }

  private middle(frame: number): number {
    return this.left + (frame + 0.5) * cell;
  }

  private text(x: number, y: number, kind: string, text: string, more = ''): void {
    this.parts.push(`<text class="${kind}" x="${x}" y="${y}"${more}>${escape(text)}</text>`);
  }
}

/** What is drawn as a marble of its own, or as the cross in place of one. */
function items({ signs }: Moment): readonly string[] {
  return signs.filter((sign) => sign !== '|');
}

/** Widths are estimates: a picture does not know the fonts it will be shown in. */
function widthOf(text: string): number {
  return Math.ceil([...text].length * 7.1);
}

function codeWidth(text: string): number {
  return Math.ceil([...text].length * 7.7);
}

function escape(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
}
