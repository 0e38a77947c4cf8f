import { css, html, LitElement, nothing, type PropertyValues } from 'lit';
import uPlot from 'uplot';
import { style } from '../components/stream-element.js';

/** @internal A line of a plot: its name, its colour, its values. */
export interface PlotLine {
  readonly name: string;
  readonly colour: 'accent' | 'warm';
  readonly values: readonly (number | null)[];
}

/** The colours of a plot as the browser has worked them out: a canvas knows none by name. */
type Colours = Readonly<Record<PlotLine['colour'] | 'soft' | 'line', string>>;

const clock = new Intl.DateTimeFormat('en', {
  hour: '2-digit',
  minute: '2-digit',
  second: '2-digit',
  hourCycle: 'h23',
});

/** @internal A plot over the last minutes, with its latest values in words; those of all plots at the time that is pointed at. */
export class TimePlot extends LitElement {
  static override properties = {
    name: {},
    times: { attribute: false },
    lines: { attribute: false },
    words: { attribute: false },
    steps: { attribute: false },
    at: { state: true },
  };

  static override styles = [
    style,
    css`
      :host {
        padding: 1rem 1.125rem 0.625rem;
        border: 1px solid var(--line);
        border-radius: var(--radius);
        background: var(--paper);
        min-width: 0;
      }
      h3 {
        margin: 0;
        font: inherit;
        font-weight: 600;
      }
      p {
        display: flex;
        flex-wrap: wrap;
        gap: 0 1.25rem;
        margin: 0.25rem 0 0.375rem;
        color: var(--soft);
        font-size: 0.8125rem;
        font-variant-numeric: tabular-nums;
      }
      b {
        color: var(--ink);
        font-size: 1.25rem;
        font-weight: 600;
      }
      i {
        display: inline-block;
        width: 0.625rem;
        height: 0.1875rem;
        margin-right: 0.375rem;
        vertical-align: middle;
        border-radius: 1px;
        background: var(--accent);
      }
      i.second {
        background: var(--warm);
      }
      .plot {
        height: 9rem;
      }
      .uplot,
      .uplot *,
      .uplot *::before,
      .uplot *::after {
        box-sizing: border-box;
      }
      .uplot {
        width: min-content;
        line-height: 1.5;
      }
      .u-wrap {
        position: relative;
        user-select: none;
      }
      .u-over,
      .u-under {
        position: absolute;
      }
      .u-under {
        overflow: hidden;
      }
      .uplot canvas {
        display: block;
        position: relative;
        width: 100%;
        height: 100%;
      }
      .u-axis,
      .u-select,
      .u-cursor-x,
      .u-cursor-pt {
        position: absolute;
      }
      .u-cursor-x,
      .u-cursor-pt {
        top: 0;
        left: 0;
        pointer-events: none;
      }
      .u-cursor-x {
        height: 100%;
        border-right: 1px dashed var(--soft);
      }
      .u-cursor-pt {
        border-radius: 50%;
      }
      .u-off {
        display: none;
      }
      .head {
        display: flex;
        justify-content: space-between;
        gap: 1rem;
        font-size: 0.8125rem;
      }
      .when {
        color: var(--soft);
        font-variant-numeric: tabular-nums;
      }
      .probe {
        color: var(--accent);
        border-color: var(--warm) var(--soft) var(--line);
      }
    `,
  ];

  declare name: string;
  declare times: readonly number[];
  declare lines: readonly PlotLine[];
  /** How a value is said. */
  declare words: (value: number) => string;
  /** How far apart the lines of its axis may be. Default: what is round in tens. */
  declare steps: readonly number[] | undefined;

  /** Which of its points is pointed at. */
  declare private at: number | undefined;

  private plot: uPlot | undefined;
  /** The colours it is painted in. */
  private paint = '';
  private readonly size = new ResizeObserver(() => this.fit());

  constructor() {
    super();
    this.name = '';
    this.times = [];
    this.lines = [];
    this.words = String;
    this.steps = undefined;
    this.at = undefined;
  }

  private get place(): HTMLElement {
    return this.renderRoot.querySelector<HTMLElement>('.plot')!;
  }

  protected override firstUpdated(): void {
    this.size.observe(this.place);
  }

  override connectedCallback(): void {
    super.connectedCallback();
    if (this.hasUpdated) this.size.observe(this.place);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.size.disconnect();
    this.plot?.destroy();
    this.plot = undefined;
  }

  private fit(): void {
    const { clientWidth: width, clientHeight: height } = this.place;
    if (width > 0) this.plot?.setSize({ width, height });
  }

  /** In a task of its own: to draw all plots of a page in one would hold it up. */
  protected override async scheduleUpdate(): Promise<void> {
    await new Promise((done) => setTimeout(done));
    await super.scheduleUpdate();
  }

  protected override updated(changed: PropertyValues): void {
    // Who has left the page meanwhile is drawn when it comes back.
    if (!this.isConnected) return;
    const colours = this.coloursNow();
    const paint = Object.values(colours).join();
    if (paint !== this.paint) {
      this.plot?.destroy();
      this.plot = undefined;
    }
    this.paint = paint;
    const data = [this.times, ...this.lines.map(({ values }) => values)] as unknown as uPlot.AlignedData;
    if (this.plot === undefined) this.plot = new uPlot(this.options(colours), data, this.place);
    else if (changed.has('times')) this.plot.setData(data);
  }

  private options(colours: Colours): uPlot.Options {
    const [stroke, grid] = [colours.soft, { stroke: colours.line, width: 1 }];
    const font = '11px system-ui, sans-serif';
    return {
      width: Math.max(200, this.place.clientWidth),
      height: 144,
      legend: { show: false },
      // What is pointed at on one plot is on all of them.
      cursor: { y: false, drag: { x: false }, sync: { key: 'sluice' } },
      hooks: { setCursor: [({ cursor }) => (this.at = cursor.idx ?? undefined)] },
      padding: [8, 28, 0, 0],
      // A minute at least, so that the first points do not fill the plot.
      scales: {
        x: { range: (_, min, max) => [Math.min(min, max - 60), max] },
        y: { range: (_, __, max) => [0, Math.max(1, (max || 1) * 1.15)] },
      },
      axes: [
        {
          stroke,
          grid: { show: false },
          ticks: { show: false },
          font,
          size: 24,
          space: 90,
          values: (_, ticks) => ticks.map((at) => clock.format(at * 1000)),
        },
        {
          stroke,
          grid,
          ticks: { show: false },
          font,
          size: 58,
          space: 24,
          ...(this.steps === undefined ? {} : { incrs: [...this.steps] }),
          values: (_, ticks) => ticks.map(this.words),
        },
      ],
      series: [
        {},
        ...this.lines.map(({ colour }) => ({ stroke: colours[colour], width: 1.75, points: { show: false } })),
      ],
    };
  }

  private coloursNow(): Colours {
    const probe = getComputedStyle(this.renderRoot.querySelector('.probe')!);
    const { color: accent, borderTopColor: warm, borderRightColor: soft, borderBottomColor: line } = probe;
    return { accent, warm, soft, line };
  }

  override render() {
    const [latest, shown] = [this.valuesAt(-1), this.valuesAt(this.at ?? -1)];
    const time = this.at === undefined ? undefined : this.times[this.at];
    return html`<div class="head">
        <h3>${this.name}</h3>
        ${time === undefined ? nothing : html`<span class="when">at ${clock.format(time * 1000)}</span>`}
      </div>
      <p>
        ${shown.map(
          ({ name, words }, i) =>
            html`<span><i class=${i === 0 ? 'first' : 'second'}></i><b>${words ?? '–'}</b> ${name}</span>`,
        )}
      </p>
      <div
        class="plot"
        role="img"
        aria-label="${this.name} over the last minutes; now ${latest.map(({ name, words }) => `${name} ${words ?? 'unknown'}`).join(', ')}"
      ></div>
      <span class="probe" hidden></span>`;
  }

  private valuesAt(index: number) {
    return this.lines.map(({ name, values }) => {
      const value = values.at(index) ?? null;
      return { name, words: value === null ? undefined : this.words(value) };
    });
  }
}
