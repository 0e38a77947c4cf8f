import { css, html, LitElement } from 'lit';
import uPlot from 'uplot';
import { style } from '../components/stream-element.js';

/** @internal A line of a plot: its name, its colour as a custom property, its values. */
export interface PlotLine {
  readonly name: string;
  readonly colour: string;
  readonly values: readonly (number | null)[];
}

const clock = new Intl.DateTimeFormat('en', {
  hour: '2-digit',
  minute: '2-digit',
  second: '2-digit',
  hourCycle: 'h23',
});

/** @internal A plot over the last minutes, with its latest values in words. */
export class TimePlot extends LitElement {
  static override properties = {
    name: {},
    times: { attribute: false },
    lines: { attribute: false },
    words: { attribute: false },
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
        font-size: 0.8125rem;
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
      .u-axis {
        position: absolute;
      }
    `,
  ];

  declare name: string;
  declare times: readonly number[];
  declare lines: readonly PlotLine[];
  /** How a value is said. */
  declare words: (value: number) => string;

  private plot: uPlot | undefined;
  private colours = '';
  private readonly size = new ResizeObserver(() => this.fit());

  constructor() {
    super();
    this.name = '';
    this.times = [];
    this.lines = [];
    this.words = String;
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

  protected override updated(): void {
    // Another theme has other colours, and a canvas knows none by name.
    const colours = ['--accent', '--warm', '--soft', '--line'].map((name) => this.colour(name)).join(' ');
    if (colours !== this.colours) {
      this.plot?.destroy();
      this.plot = undefined;
    }
    this.colours = colours;
    const data = [this.times, ...this.lines.map(({ values }) => values)] as unknown as uPlot.AlignedData;
    if (this.plot === undefined) this.plot = new uPlot(this.options(), data, this.place);
    else this.plot.setData(data);
  }

  private options(): uPlot.Options {
    const [stroke, grid] = [this.colour('--soft'), { stroke: this.colour('--line'), width: 1 }];
    const font = '11px system-ui, sans-serif';
    return {
      width: Math.max(200, this.place.clientWidth),
      height: 144,
      legend: { show: false },
      cursor: { show: false },
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
          space: 36,
          values: (_, ticks) => ticks.map(this.words),
        },
      ],
      series: [
        {},
        ...this.lines.map(({ colour }) => ({ stroke: this.colour(colour), width: 1.75, points: { show: false } })),
      ],
    };
  }

  /** A colour as the browser has worked it out. */
  private colour(name: string): string {
    const probe = this.renderRoot.querySelector<HTMLElement>('.probe')!;
    probe.style.color = `var(${name})`;
    return getComputedStyle(probe).color;
  }

  override render() {
    const latest = this.lines.map(({ name, values }) => ({ name, value: values.at(-1) ?? null }));
    const said = latest.map(({ name, value }) => `${name} ${value === null ? 'unknown' : this.words(value)}`);
    return html`<h3>${this.name}</h3>
      <p>
        ${latest.map(
          ({ name, value }, i) =>
            html`<span
              ><b>${value === null ? '–' : this.words(value)}</b>
              <i class=${i === 0 ? 'first' : 'second'}></i>${name}</span
            >`,
        )}
      </p>
      <div class="plot" role="img" aria-label="${this.name} over the last minutes; now ${said.join(', ')}"></div>
      <span class="probe" hidden></span>`;
  }
}
