import { css, html, LitElement, nothing, type TemplateResult } from 'lit';
import { style } from '../components/stream-element.js';
import type { MonitorView } from './view.js';
import { byteWords, countWords, rateWords } from './words.js';

/** How far apart the lines of an axis may be: what is said of them is what they are. */
const countSteps = Array.from({ length: 9 }, (_, i) => [1, 2, 5].map((step) => step * 10 ** i)).flat();
const byteSteps = Array.from({ length: 41 }, (_, i) => 2 ** i);

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
        grid-template-columns: repeat(auto-fit, minmax(min(26rem, 100%), 1fr));
        gap: 1rem;
      }
      .first {
        margin: 0 0 1.5rem;
        padding: 1.125rem 1.25rem;
        border: 1px dashed var(--line);
        border-radius: var(--radius);
        color: var(--soft);
        overflow-wrap: anywhere;
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
    const line = (name: string, colour: 'accent' | 'warm', key: Exclude<keyof (typeof points)[number], 'at'>) => ({
      name,
      colour,
      values: points.map((point) => point[key]),
    });
    // Nothing is said of a server that has not answered yet.
    const words = (count: number): string => (figures === undefined ? '–' : countWords(count));
    return html`<h2>Overview</h2>
      <dl>
        ${tile('Streams', words(all.length - runs))} ${tile('Runs', words(runs))} ${tile('Live', words(live))}
        ${tile('Connections', words(figures?.connections ?? 0))} ${tile('Sent again', words(figures?.resent ?? 0))}
        ${tile('Lost', words(figures?.lost ?? 0))} ${tile('Refused', words(figures?.refused ?? 0))}
      </dl>
      ${figures === undefined ? nothing : all.length === 0 ? firstWords() : this.troubles()}
      <div class="plots">
        <time-plot
          name="Chunks kept a second"
          .times=${times}
          .lines=${[line('chunks/s', 'accent', 'chunksPerSecond')]}
          .words=${rateWords}
          .steps=${countSteps}
        ></time-plot>
        <time-plot
          name="Bytes kept a second"
          .times=${times}
          .lines=${[line('a second', 'accent', 'bytesPerSecond')]}
          .words=${byteWords}
          .steps=${byteSteps}
        ></time-plot>
        <time-plot
          name="From append to kept"
          .times=${times}
          .lines=${[line('99th percentile', 'warm', 'keptP99'), line('median', 'accent', 'keptP50')].toReversed()}
          .words=${(ms: number) => `${Math.round(ms * 10) / 10} ms`}
          .steps=${[0.1, 0.2, 0.5, ...countSteps]}
        ></time-plot>
        <time-plot
          name="Memory of the server"
          .times=${times}
          .lines=${[line('heap', 'accent', 'heapUsed'), line('whole process', 'warm', 'rss')]}
          .words=${byteWords}
          .steps=${byteSteps}
        ></time-plot>
      </div>`;
  }

  private troubles(): TemplateResult {
    return html`<trouble-list .view=${this.view} .tick=${this.tick}></trouble-list>`;
  }
}

/** What is said to somebody who has just begun. */
function firstWords(): TemplateResult {
  return html`<p class="first">
    No streams yet. Publish one:
    <code>echo hello | npx sluice publish greetings --server ${globalThis.location.origin}</code>
  </p>`;
}

function tile(name: string, value: string) {
  return html`<div>
    <dt>${name}</dt>
    <dd>${value}</dd>
  </div>`;
}
