import { BadFrame, type ClientFrame, type OutgoingFrame, type ServerFrame } from '../../protocol/index.js';
import { type Cell, chartWidth, drawChart, type Row } from './chart.js';
import type { Finding } from './finding.js';
import type { Reader } from './reader.js';
import type { StreamTruth, Written } from './truth.js';
import type { Fate, WireEvent } from './wire.js';
import type { Writer } from './writer.js';

/** @internal What there is to be drawn of a run. */
export interface Film {
  readonly stream: StreamTruth;
  readonly writers: readonly Writer[];
  /** The reader in question; `undefined` where nobody reads the stream. */
  readonly reader: Reader | undefined;
  /** Name of its client. */
  readonly client: string;
  readonly events: readonly WireEvent[];
}

type AnyFrame = ClientFrame | ServerFrame | OutgoingFrame | BadFrame;

/** How many chunks before and behind the one in question are drawn: as many as fit. */
const views = [8, 5, 3, 2, 1, 0];

/**
 * Draws the way of the chunks around the one in question, from their writers through the log and over the wire to the
 * reader: a line for each stage.
 *
 * @internal
 */
export function drawPicture(film: Film, finding: Pick<Finding, 'seq' | 'at'>, width: number): string[] {
  const { at } = finding;
  const seq = finding.seq ?? film.reader?.next ?? Math.max(0, film.stream.chunks.length - 1);
  const options = views.map((around) => new View(film, Math.max(0, seq - around), seq + around + 1, at));
  const view = options.find((one) => chartWidth(one.rows) <= width - 20) ?? options.at(-1)!;
  return [...view.legend(), '', ...drawChart(view.rows, width)];
}

const marks: Record<Fate, string> = { carried: '', lost: 'x', late: '~', twice: '2', cut: '!', void: '!' };

class View {
  readonly rows: readonly Row[];
  private used = new Set<string>();

  constructor(
    private readonly film: Film,
    private readonly from: number,
    private readonly to: number,
    at: number,
  ) {
    const { writers, reader, client } = film;
    const chunkRows = [
      ...writers.map((writer) => ({ label: `${writer.plan.name} writes`, cells: this.written(writer) })),
      { label: 'log keeps', cells: this.kept() },
      ...writers.map((writer) => ({ label: `${writer.plan.name} hears`, cells: this.answered(writer) })),
      ...(reader === undefined ? [] : this.readerRows(reader, client)),
    ];
    const begins = Math.min(...chunkRows.flatMap(({ cells }) => cells.map((cell) => cell.at)), at);
    const rows = [...chunkRows, { label: `${client}'s links`, cells: this.links() }];
    const shown = rows.map(({ label, cells }) => ({ label, cells: cells.filter((c) => c.at >= begins && c.at <= at) }));
    shown.push({ label: 'seen', cells: [{ at, text: this.use('*') }] });
    this.rows = shown.filter(({ cells }) => cells.length > 0);
  }

  private readerRows({ plan, got, begunAt, ending }: Reader, client: string): Row[] {
    const { name } = plan;
    const output = got.map((item) => ({ at: item.at, text: this.run(item.seq, item.seq + 1) }));
    if (begunAt !== undefined) output.unshift({ at: begunAt, text: this.use('^') });
    if (ending !== undefined) output.push({ at: ending.at, text: this.use(endMark(ending.how)) });
    return [
      { label: `to ${client}`, cells: this.frames('sent', 'toClient') },
      { label: `at ${client}`, cells: this.frames('arrived', 'toClient') },
      { label: `${client} asks`, cells: this.frames('sent', 'toServer') },
      { label: `${name} gets`, cells: output.filter(({ text }) => text !== '') },
    ];
  }

  private written({ calls }: Writer): Cell[] {
    return calls.flatMap(({ at, chunks }) => this.call(at, chunks));
  }

  private answered({ calls }: Writer): Cell[] {
    return calls.flatMap(({ chunks, answer }) => {
      if (answer === undefined) return [];
      const cells = this.call(answer.at, chunks);
      return cells.length > 0 && answer.refused !== undefined ? [{ at: answer.at, text: this.use('#') }] : cells;
    });
  }

  /** A call of `publish`, when one of its chunks is in view. */
  private call(at: number, chunks: readonly Written[]): Cell[] {
    const shown = chunks.map(({ kept }) => (kept === undefined ? '·' : this.run(kept.seq, kept.seq + 1)));
    if (shown.every((text) => text === '' || text === '·')) return [];
    if (shown.includes('·')) this.use('·');
    return [{ at, text: this.group(shown) }];
  }

  private kept(): Cell[] {
    const { chunks, trims } = this.film.stream;
    const kept = chunks.slice(this.from, this.to).flatMap(({ written }) => written?.kept ?? []);
    const gone = trims.filter(({ first }) => first > this.from).map(({ at }) => ({ at, text: this.use('T') }));
    return [...kept.map(({ at, seq }) => ({ at, text: this.run(seq, seq + 1) })), ...gone];
  }

  /** What went between the reader's client and the server, as far as it is about these chunks. */
  private frames(kind: 'sent' | 'arrived', direction: 'toServer' | 'toClient'): Cell[] {
    const { events, reader, stream } = this.film;
    const channels = new Map<number, string>();
    const cells: Cell[] = [];
    for (const event of events) {
      if (event.client !== reader?.plan.client || !('frames' in event)) continue;
      for (const frame of event.frames) {
        if (frame instanceof BadFrame) continue;
        if (frame.t === 'welcome') channels.clear();
        if (frame.t === 'subscribed') channels.set(frame.ch, frame.stream);
        if (event.kind !== kind || event.direction !== direction) continue;
        if (streamOf(frame, channels) !== stream.name) continue;
        const text = this.frame(frame);
        const fate = event.kind === 'sent' ? marks[event.fate] : '';
        if (text !== '') cells.push({ at: event.at, text: fate === '' ? text : this.use(fate) + text });
      }
    }
    return apart(cells);
  }

  private frame(frame: AnyFrame): string {
    if (frame instanceof BadFrame) return '';
    switch (frame.t) {
      case 'data':
        return this.run(frame.seq, frame.seq + frame.chunks.length);
      case 'gap':
        return this.marked('G', this.run(frame.from, frame.to));
      case 'nack':
        return this.marked('?', this.group(frame.ranges.map(([from, to]) => this.run(from, to))));
      case 'subscribe':
        return this.use('^');
      case 'unsubscribe':
        return this.use('v');
      case 'end':
        return this.use('|');
      default:
        return '';
    }
  }

  private links(): Cell[] {
    const { events, reader } = this.film;
    const cells: Cell[] = [];
    for (const event of events) {
      if (event.client !== reader?.plan.client) continue;
      if (event.kind === 'opened') cells.push({ at: event.at, text: this.use('+') });
      if (event.kind === 'closed') cells.push({ at: event.at, text: this.use('!') });
    }
    return cells;
  }

  /** Chunks of a range, as far as they are in view: `a`, or `(abc)`. */
  private run(from: number, to: number): string {
    let letters = '';
    for (let seq = Math.max(from, this.from); seq < Math.min(to, this.to); seq++) letters += letterOf(seq - this.from);
    return this.group([...letters]);
  }

  private group(parts: readonly string[]): string {
    const text = parts.join('').replaceAll(/[()]/g, '');
    return text.length > 1 ? `(${text})` : text;
  }

  private marked(mark: string, chunks: string): string {
    return chunks === '' ? '' : this.use(mark) + chunks;
  }

  private use(mark: string): string {
    this.used.add(mark);
    return mark;
  }

  /** What the letters and marks stand for: those that were used. */
  legend(): string[] {
    const { stream, reader } = this.film;
    const last = letterOf(this.to - this.from - 1);
    const letters =
      this.to - this.from === 1 ? `a is chunk ${this.from}` : `a to ${last} are chunks ${this.from} to ${this.to - 1}`;
    const way = reader === undefined ? stream.name : `${stream.name} to ${reader.plan.name}`;
    const drawn = new Set(this.rows.flatMap(({ cells }) => cells.flatMap(({ text }) => [...text])));
    const meanings = legend.filter(([mark]) => this.used.has(mark) && drawn.has(mark));
    return [`${way}: ${letters}`, meanings.map(([mark, meaning]) => `${mark} ${meaning}`).join('   ')];
  }
}

const legend: readonly (readonly [mark: string, meaning: string])[] = [
  ['x', 'lost'],
  ['~', 'late'],
  ['2', 'twice'],
  ['!', 'never left, or link gone'],
  ['+', 'link open'],
  ['?', 'asked for again'],
  ['T', 'log trimmed'],
  ['G', 'no longer kept'],
  ['^', 'begins'],
  ['v', 'leaves'],
  ['|', 'end'],
  ['#', 'error'],
  ['·', 'not kept'],
  ['*', 'what the oracle saw'],
];

/** Sets frames of one millisecond apart, so that it can be seen which of them is marked. */
function apart(cells: readonly Cell[]): Cell[] {
  return cells.map(({ at, text }, i) => {
    const before = cells[i - 1];
    return { at, text: before !== undefined && Math.floor(before.at) === Math.floor(at) ? `,${text}` : text };
  });
}

function letterOf(index: number): string {
  return String.fromCharCode(97 + index);
}

function endMark(how: string): string {
  if (how === 'completed') return '|';
  return how === 'left' ? 'v' : '#';
}

function streamOf(frame: AnyFrame, channels: ReadonlyMap<number, string>): string | undefined {
  if (frame instanceof BadFrame) return undefined;
  if ('stream' in frame) return frame.stream;
  return 'ch' in frame && frame.ch !== undefined ? channels.get(frame.ch) : undefined;
}
