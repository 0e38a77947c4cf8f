import { css, html, nothing, type TemplateResult } from 'lit';
import { repeat } from 'lit/directives/repeat.js';
import type { Chunk } from '../chunk/index.js';
import { eventsOf } from '../run/names.js';
import { durationWords } from './duration.js';
import { type RunPicture, seenEvent, type StepPicture } from './run-picture.js';
import { RunTimeline } from './run-timeline.js';
import { stateWords, StreamElement, style } from './stream-element.js';

const marks = { working: '●', waiting: '?', done: '✓', failed: '✗', undone: '↶' } as const;
const markWords = {
  working: 'working',
  waiting: 'waits for an answer',
  done: 'done',
  failed: 'failed',
  undone: 'undone',
};

/**
 * `<sluice-run>`: a run live: its steps with progress, durations, retries and errors, what each puts out, and a form where one
 * waits for an answer. A run that has ended can be looked at again, from its beginning to its end.
 *
 * Attributes: `src`, `run` (its id). Properties: `token`, `client`, `picture`. Events: `sluice-state`, `sluice-end`, and
 * `sluice-answer` (`{ run, step, name, value }`; cancel it to answer yourself). Parts: `head`, `steps`, `replay`.
 *
 * @example
 * <sluice-run run="report-17"></sluice-run>
 */
export class SluiceRun extends StreamElement {
  static override properties = {
    ...StreamElement.properties,
    run: {},
    at: { state: true },
    refusals: { state: true },
  };

  static override styles = [
    style,
    css`
      .head {
        display: flex;
        flex-wrap: wrap;
        align-items: baseline;
        gap: 0.25rem 1rem;
        margin-bottom: 0.75rem;
      }
      .head h2 {
        margin: 0;
        font-size: 1.125rem;
      }
      .soft {
        color: var(--soft);
        font-size: 0.8125rem;
        font-variant-numeric: tabular-nums;
      }
      .badge {
        padding: 0.0625rem 0.625rem;
        border: 1px solid currentcolor;
        border-radius: 1rem;
        font-size: 0.8125rem;
        font-weight: 600;
      }
      .badge.completed,
      .done .mark {
        color: var(--well);
      }
      .badge.failed,
      .failed .mark,
      .error {
        color: var(--ill);
      }
      .badge.waiting,
      .waiting .mark {
        color: var(--warm);
      }
      .badge.running,
      .working .mark {
        color: var(--accent);
      }
      ol {
        margin: 0;
        padding: 0;
        list-style: none;
        border: 1px solid var(--line);
        border-radius: var(--radius);
        background: var(--paper);
        overflow: hidden;
      }
      li {
        padding: 0.75rem 1rem;
      }
      li + li {
        border-top: 1px solid var(--line);
      }
      li.within {
        padding-left: 2.25rem;
      }
      .row {
        display: flex;
        flex-wrap: wrap;
        align-items: baseline;
        gap: 0.125rem 0.75rem;
      }
      .mark {
        width: 1rem;
        text-align: center;
      }
      .name {
        font-weight: 600;
      }
      .note {
        flex: 1;
        min-width: 8rem;
        color: var(--soft);
        overflow-wrap: anywhere;
        unicode-bidi: plaintext;
      }
      progress {
        width: 100%;
        height: 0.375rem;
        margin-top: 0.5rem;
        border: 0;
        border-radius: 1rem;
        background: var(--shade);
        appearance: none;
        overflow: hidden;
      }
      progress::-webkit-progress-bar {
        background: var(--shade);
      }
      progress::-webkit-progress-value {
        background: var(--accent);
      }
      progress::-moz-progress-bar {
        background: var(--accent);
      }
      .error {
        margin: 0.375rem 0 0 1.75rem;
        overflow-wrap: anywhere;
        unicode-bidi: plaintext;
      }
      pre {
        max-height: 14rem;
        margin: 0.5rem 0 0 1.75rem;
        padding: 0.625rem 0.875rem;
        overflow: auto;
        border-radius: calc(var(--radius) * 0.75);
        background: var(--shade);
        font: 0.8125rem/1.55 var(--mono);
        white-space: pre-wrap;
        overflow-wrap: anywhere;
        unicode-bidi: plaintext;
      }
      details {
        margin-left: 1.75rem;
      }
      details pre,
      form pre {
        margin-left: 0;
      }
      summary {
        color: var(--soft);
        font-size: 0.8125rem;
        cursor: pointer;
      }
      form {
        display: grid;
        gap: 0.5rem;
        margin: 0.75rem 0 0.25rem 1.75rem;
        max-width: 34rem;
      }
      form > div {
        display: flex;
        gap: 0.5rem;
      }
      input:not([type='range']) {
        flex: 1;
        min-width: 0;
        padding: 0.25rem 0.625rem;
        border: 1px solid var(--line);
        border-radius: calc(var(--radius) * 0.75);
        background: var(--paper);
      }
      form button {
        border-color: var(--accent);
        color: var(--accent);
        font-weight: 600;
      }
      .replay {
        display: flex;
        align-items: center;
        gap: 0.75rem;
        margin-top: 0.875rem;
      }
      .replay input {
        flex: 1;
        accent-color: var(--accent);
      }
    `,
  ];

  /** The id of the run. */
  declare run: string;
  /** The time that is looked at; `undefined` for the latest. */
  declare private at: number | undefined;
  declare private refusals: ReadonlyMap<string, string>;

  private timeline = new RunTimeline();
  private frame: number | undefined;

  constructor() {
    super();
    this.run = '';
    this.at = undefined;
    this.refusals = new Map();
  }

  /** How the run stands. */
  get picture(): RunPicture {
    return this.timeline.latest;
  }

  protected override get wanted(): string | undefined {
    return this.run === '' ? undefined : eventsOf(this.run);
  }

  protected override get turning(): readonly string[] {
    return ['run'];
  }

  protected override begun(): void {
    this.timeline = new RunTimeline();
    this.at = undefined;
    this.refusals = new Map();
  }

  protected override took({ data }: Chunk): void {
    const event = seenEvent(data);
    if (event !== undefined) this.timeline.add(event);
    this.frame ??= requestAnimationFrame(() => {
      this.frame = undefined;
      this.requestUpdate();
    });
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    if (this.frame !== undefined) cancelAnimationFrame(this.frame);
    this.frame = undefined;
  }

  override render(): TemplateResult {
    const picture = this.at === undefined ? this.timeline.latest : this.timeline.at(this.at);
    const steps = [...picture.steps.values()];
    return html`${this.head(picture)}
    ${
      steps.length === 0
        ? html`<p class="soft">${this.run === '' ? 'No run is chosen.' : 'No step has begun.'}</p>`
        : html`<ol part="steps" aria-label="Steps">
            ${repeat(
              steps,
              ({ id }) => id,
              (step) => this.step(step, picture),
            )}
          </ol>`
    }
    ${this.replay()}`;
  }

  private head({ pipeline, status, reason, startedAt, endedAt, attempts }: RunPicture): TemplateResult {
    const lost = this.state === 'failed' && endedAt === undefined;
    const took = startedAt !== undefined && endedAt !== undefined ? durationWords(endedAt - startedAt) : '';
    const connection = this.state === 'reconnecting' || this.state === 'connecting' ? stateWords[this.state] : '';
    return html`<div class="head" part="head">
      <h2><bdi>${pipeline || this.run}</bdi></h2>
      <span class="badge ${lost ? 'failed' : status}" role="status">${lost ? 'lost' : status}</span>
      <span class="soft"
        >${[took, attempts > 1 ? `taken up ${attempts} times` : '', connection].filter(Boolean).join(' · ')}</span
      >
      ${reason === '' && this.problem === '' ? nothing : html`<span class="error">${reason || this.problem}</span>`}
    </div>`;
  }

  private step(step: StepPicture, picture: RunPicture): TemplateResult {
    const { id, state, attempt, fraction, note, durationMs, error, text, question } = step;
    const name = id.slice(id.lastIndexOf('/') + 1);
    const about = [attempt > 1 ? `attempt ${attempt}` : '', durationMs === undefined ? '' : durationWords(durationMs)];
    return html`<li class="${state} ${name === id ? '' : 'within'}">
      <div class="row">
        <span class="mark" role="img" aria-label=${markWords[state]}>${marks[state]}</span>
        <bdi class="name" title=${id}>${name}</bdi>
        <span class="note">${note}</span>
        <span class="soft">${about.filter(Boolean).join(' · ')}</span>
      </div>
      ${
        state === 'working' && fraction !== undefined
          ? html`<progress max="1" .value=${fraction} aria-label="Progress of ${name}"></progress>`
          : nothing
      }
      ${error === undefined ? nothing : html`<p class="error">${error}</p>`}
      ${question === undefined || picture.endedAt !== undefined ? nothing : this.question(step)} ${output(state, text)}
    </li>`;
  }

  private question({ id, question }: StepPicture): TemplateResult {
    const { name, details } = question!;
    const refusal = this.refusals.get(id);
    return html`<form @submit=${(event: SubmitEvent) => void this.answer(event, id, name)}>
      ${details === undefined ? nothing : html`<pre>${JSON.stringify(details, null, 2)}</pre>`}
      <label for="answer-${id}"
        >It waits for <b><bdi>${name}</bdi></b
        >: JSON, or else plain text</label
      >
      <div>
        <input id="answer-${id}" name="value" autocomplete="off" required ?disabled=${this.at !== undefined} />
        <button ?disabled=${this.at !== undefined}>Answer</button>
      </div>
      ${refusal === undefined ? nothing : html`<p class="error" role="alert">${refusal}</p>`}
    </form>`;
  }

  private async answer(event: SubmitEvent, step: string, name: string): Promise<void> {
    event.preventDefault();
    const value = valueOf(new FormData(event.target as HTMLFormElement).get('value') as string);
    const detail = { run: this.run, step, name, value };
    const asked = new CustomEvent('sluice-answer', { detail, bubbles: true, composed: true, cancelable: true });
    if (!this.dispatchEvent(asked)) return;
    const refusal = await this.send({ step, name, value });
    const refusals = new Map(this.refusals);
    if (refusal === undefined) refusals.delete(step);
    else refusals.set(step, refusal);
    this.refusals = refusals;
  }

  private async send(body: object): Promise<string | undefined> {
    try {
      const response = await fetch(new URL(`/v1/runs/${encodeURIComponent(this.run)}/input`, this.server), {
        method: 'POST',
        headers: {
          'content-type': 'application/json',
          ...(this.token === '' ? {} : { authorization: `Bearer ${this.token}` }),
        },
        body: JSON.stringify(body),
      });
      if (response.ok) return undefined;
      const { message } = (await response.json()) as { message?: string };
      return message ?? `The server answers ${response.status}.`;
    } catch {
      return 'The server cannot be reached; try again.';
    }
  }

  /** A run that has ended, from its beginning to its end. */
  private replay(): TemplateResult | typeof nothing {
    const { latest, startedAt, lastAt } = this.timeline;
    if (latest.endedAt === undefined || lastAt <= startedAt) return nothing;
    const at = this.at ?? lastAt;
    return html`<div class="replay" part="replay">
      <label for="time">Replay</label>
      <input
        id="time"
        type="range"
        min=${startedAt}
        max=${lastAt}
        step="1"
        .value=${String(at)}
        aria-valuetext=${`${durationWords(at - startedAt)} after the beginning`}
        @input=${(event: InputEvent) => this.look(Number((event.target as HTMLInputElement).value))}
      />
      <span class="soft">${durationWords(at - startedAt)} of ${durationWords(lastAt - startedAt)}</span>
    </div>`;
  }

  private look(time: number): void {
    this.at = time >= this.timeline.lastAt ? undefined : time;
  }
}

/** What a step puts out: open while it works. */
function output(state: StepPicture['state'], text: string): TemplateResult | typeof nothing {
  if (text === '') return nothing;
  if (state === 'working') return html`<pre tabindex="0" role="region" aria-label="Output">${text.slice(-2000)}</pre>`;
  return html`<details>
    <summary>Output</summary>
    <pre tabindex="0" role="region" aria-label="Output">${text}</pre>
  </details>`;
}

function valueOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
