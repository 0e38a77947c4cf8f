import { css, html, LitElement, type TemplateResult } from 'lit';
import { style } from '../components/stream-element.js';
import type { MonitorView } from './view.js';
import { byteWords, countWords, shortWords } from './words.js';

/** @internal How the server does: a few numbers, and the last minutes as plots. */
export class OverviewPanel extends LitElement {
  static override properties = { view: { attribute: false }, tick: { attribute: false } };

  static override styles = [
    style,
    css`
      h2 {
        margin: 0 0 1rem;
        font-size: 1.25rem;
      }
      dl {
        display: flex;
        flex-wrap: wrap;
        gap: 0.75rem 2.5rem;
        margin: 0 0 1.5rem;
      }
      dt {
        color: var(--soft);
        font-size: 0.8125rem;
      }
      dd {
        margin: 0;
        font-size: 1.5rem;
        font-weight: 600;
        font-variant-numeric: tabular-nums;
      }
      trouble-list {
        margin: 0 0 1.5rem;
      }
      .plots {
        display: grid;
        grid-template-columns: repeat(auto-fit, minmax(min(22rem, 100%), 1fr));
        gap: 1rem;
      }
      .first {
        max-width: 40rem;
        margin-top: 1.5rem;
        color: var(--soft);
      }
      code {
        padding: 0.125rem 0.375rem;
        border-radius: 0.25rem;
        background: var(--shade);
        font: 0.8125rem var(--mono);
        color: var(--ink);
      }
    `,
  ];

  declare view: MonitorView;
  /** Counts the looks: the view itself is always the same. */
  declare tick: number;

  override render(): TemplateResult {
    const { points } = this.view.series;
    const { all, figures } = this.view;
    const runs = all.filter(({ runId }) => runId !== undefined).length;
    const live = all.filter(({ status }) => status === 'active').length;
    const times = points.map(({ at }) => at);
    const line = (name: string, colour: string, key: Exclude<keyof (typeof points)[number], 'at'>) => ({
      name,
      colour,
      values: points.map((point) => point[key]),
    });
    const perSecond = (value: number): string => shortWords(Math.round(value * 10) / 10);
    return html`<h2>Overview</h2>
      <dl>
        ${tile('Streams', countWords(all.length - runs))} ${tile('Runs', countWords(runs))}
        ${tile('Live', countWords(live))} ${tile('Connections', countWords(figures?.connections ?? 0))}
        ${tile('Sent again', countWords(figures?.resent ?? 0))} ${tile('Lost', countWords(figures?.lost ?? 0))}
        ${tile('Refused', countWords(figures?.refused ?? 0))}
      </dl>
      ${figures === undefined ? '' : html`<trouble-list .view=${this.view} .tick=${this.tick}></trouble-list>`}
      <div class="plots">
        <time-plot
          name="Chunks kept a second"
          .times=${times}
          .lines=${[line('chunks/s', '--accent', 'chunksPerSecond')]}
          .words=${perSecond}
        ></time-plot>
        <time-plot
          name="Bytes kept a second"
          .times=${times}
          .lines=${[line('a second', '--accent', 'bytesPerSecond')]}
          .words=${byteWords}
        ></time-plot>
        <time-plot
          name="From append to kept"
          .times=${times}
          .lines=${[line('99 of 100', '--warm', 'keptP99'), line('half', '--accent', 'keptP50')].toReversed()}
          .words=${(ms: number) => `${Math.round(ms * 10) / 10} ms`}
        ></time-plot>
        <time-plot
          name="Memory of the server"
          .times=${times}
          .lines=${[line('heap', '--accent', 'heapUsed'), line('whole process', '--warm', 'rss')]}
          .words=${byteWords}
        ></time-plot>
      </div>
      ${
        all.length === 0 && figures !== undefined
          ? html`<p class="first">
              No streams yet. Publish one: <code>echo hello | npx sluice publish greetings</code>
            </p>`
          : ''
      }`;
  }
}

function tile(name: string, value: string) {
  return html`<div>
    <dt>${name}</dt>
    <dd>${value}</dd>
  </div>`;
}
