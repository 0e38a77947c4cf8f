import { css, html, nothing, type PropertyValues, type TemplateResult } from 'lit';
import { repeat } from 'lit/directives/repeat.js';
import type { Chunk } from '../chunk/index.js';
import { eventsOf } from '../run/names.js';
import { badge, badgeStyle } from './badge.js';
import { durationWords } from './duration.js';
import { type RunPicture, seenEvent, type StepPicture } from './run-picture.js';
import { type RunSpan, runStep, stepStyle } from './run-step.js';
import { askRun, type RunAddress } from './run-requests.js';
import { RunTimeline } from './run-timeline.js';
import { shownSteps } from './shown-steps.js';
import { stateWords, StreamElement, style } from './stream-element.js';

const clock = new Intl.DateTimeFormat('en', { dateStyle: 'medium', timeStyle: 'medium', hourCycle: 'h23' });

/**
 * `<sluice-run>`: a run live: its steps with progress, durations, retries and errors, what each puts out, and a form where one
 * waits for an answer; it can be cancelled. One that has ended can be looked at again, from its beginning to its end.
 *
 * Attributes: `src`, `run` (its id). Properties: `token`, `client`, `now`, `picture`. Events: `sluice-state`, `sluice-end`,
 * `sluice-answer` (`{ run, step, name, value }`; cancel the event to answer yourself) and `sluice-cancel` (`{ run }`; likewise).
 * Parts: `head`, `cancel`, `steps`, `replay`.
 *
 * @example
 * <sluice-run run="report-17"></sluice-run>
 */
export class SluiceRun extends StreamElement {
  static override properties = {
    ...StreamElement.properties,
    run: {},
    now: { attribute: false },
    at: { state: true },
    refusals: { state: true },
    ending: { state: true },
    uncancelled: { state: true },
  };

  static override styles = [
    style,
    badgeStyle,
    stepStyle,
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
      .head .error {
        margin: 0;
      }
      .cancel {
        margin-inline-start: auto;
        font-size: 0.8125rem;
      }
      /* In view as long as any of the steps is: what is dragged here is seen there. */
      .replay {
        position: sticky;
        z-index: 1;
        top: 0;
        display: flex;
        flex-wrap: wrap;
        align-items: center;
        gap: 0.25rem 0.75rem;
        margin-bottom: 0.75rem;
        padding: 0.375rem 1rem;
        border: 1px solid var(--line);
        border-radius: var(--radius);
        background: var(--paper);
      }
      .replay input {
        flex: 1;
        min-width: 8rem;
        accent-color: var(--accent);
      }
    `,
  ];

  /** The id of the run. */
  declare run: string;
  /** What time it is where the run is. Default: what the clock of the page says. */
  declare now: () => number;
  /** The time that is looked at; `undefined` for the latest. */
  declare private at: number | undefined;
  declare private refusals: ReadonlyMap<string, string>;
  /** Whether somebody wants to cancel it, and is asked once more, or has. */
  declare private ending: '' | 'asked' | 'sent';
  /** Why it could not be cancelled. */
  declare private uncancelled: string;

  private timeline = new RunTimeline();
  private frame: number | undefined;
  /** While it goes on, it is looked at once a second, so that one sees how long. */
  private second: ReturnType<typeof setTimeout> | undefined;

  constructor() {
    super();
    this.run = '';
    this.now = Date.now;
    this.forget();
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
    this.forget();
  }

  private forget(): void {
    this.at = undefined;
    this.refusals = new Map();
    this.ending = '';
    this.uncancelled = '';
  }

  protected override took({ data, size }: Chunk): void {
    const event = seenEvent(data);
    if (event !== undefined) this.timeline.add(event, size);
    this.frame ??= requestAnimationFrame(() => {
      this.frame = undefined;
      this.requestUpdate();
    });
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    if (this.frame !== undefined) cancelAnimationFrame(this.frame);
    this.frame = undefined;
    clearTimeout(this.second);
  }

  protected override updated(changed: PropertyValues): void {
    super.updated(changed);
    clearTimeout(this.second);
    // The answer that changes nothing is the nearest; nobody is asked about a run that has ended meanwhile.
    if (this.ending === 'asked' && changed.has('ending')) this.renderRoot.querySelector<HTMLElement>('#keep')?.focus();
    if (this.isConnected && this.isUnderWay) this.second = setTimeout(() => this.requestUpdate(), 1000);
  }

  private get isUnderWay(): boolean {
    const { startedAt, endedAt } = this.timeline.latest;
    return startedAt !== undefined && endedAt === undefined && !this.isOver;
  }

  override render(): TemplateResult {
    const picture = this.at === undefined ? this.timeline.latest : this.timeline.at(this.at);
    const { shown, hidden } = shownSteps([...picture.steps.values()]);
    const span = this.spanOf(picture);
    return html`${this.head(picture, span)} ${this.replay()}
    ${
      shown.length === 0
        ? html`<p class="soft">${this.emptyWords(picture)}</p>`
        : html`<ol part="steps" aria-label="Steps">
            ${repeat(
              shown,
              ({ id }) => id,
              (step) => runStep(step, span, this.question(step)),
            )}
          </ol>`
    }
    ${hidden === 0 ? nothing : html`<p class="soft">${hidden} steps more, which are done or began earlier, are not shown.</p>`}`;
  }

  private emptyWords({ lastAt }: RunPicture): string {
    if (this.run === '') return 'No run is chosen.';
    if (this.isAbsent) return 'The server knows no run of this name; it may begin yet.';
    return lastAt === undefined ? '' : 'No step has begun.';
  }

  /** From its beginning to now, or to what it is looked at; one that is over has ended. */
  private spanOf({ startedAt, endedAt, lastAt = 0 }: RunPicture): RunSpan {
    const to = endedAt ?? this.at ?? (this.isUnderWay ? Math.max(this.now(), lastAt) : lastAt);
    return { from: startedAt ?? this.timeline.startedAt, to };
  }

  private head(picture: RunPicture, { from, to }: RunSpan): TemplateResult {
    const { pipeline, reason, attempts, lastAt } = picture;
    const isThere = lastAt !== undefined;
    const isOnItsWay = this.state === 'reconnecting' || this.state === 'connecting';
    const about = [
      pipeline === '' ? '' : this.run,
      isThere ? `began ${clock.format(from)}` : '',
      isThere ? `${picture.endedAt === undefined ? 'for' : 'took'} ${durationWords(to - from)}` : '',
      attempts > 1 ? `taken up ${attempts} times` : '',
      isOnItsWay && !this.isAbsent ? stateWords[this.state] : '',
    ];
    const wrong = reason || (this.isAbsent ? '' : this.problem);
    return html`<div class="head" part="head">
      <h2><bdi>${pipeline || this.run}</bdi></h2>
      ${this.badgeOf(picture, isThere)}
      <span class="soft"><bdi>${about.filter(Boolean).join(' · ')}</bdi></span>
      ${wrong === '' ? nothing : html`<span class="error">${wrong}</span>`} ${this.cancelling()}
      ${this.uncancelled === '' ? nothing : html`<span class="error" role="alert">${this.uncancelled}</span>`}
    </div>`;
  }

  private badgeOf({ status, endedAt }: Pick<RunPicture, 'status' | 'endedAt'>, isThere: boolean): TemplateResult {
    if (this.state === 'failed' && endedAt === undefined) return badge('lost', 'lost');
    return isThere ? badge(status, status) : badge('unknown', 'nothing yet');
  }

  private question({ id, question }: StepPicture): TemplateResult | typeof nothing {
    if (question === undefined || this.timeline.latest.endedAt !== undefined) return nothing;
    const { name, details } = question;
    const refusal = this.refusals.get(id);
    return html`<form @submit=${(event: SubmitEvent) => void this.answer(event, id, name)}>
      ${details === '' ? nothing : html`<pre>${details}</pre>`}
      <label for="answer-${id}"
        >It waits for <b><bdi>${name}</bdi></b
        >: JSON, or else plain text</label
      >
      <div>
        <input id="answer-${id}" name="value" autocomplete="off" required />
        <button>Answer</button>
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
    const refusal = await askRun(this.address, 'input', { step, name, value });
    const refusals = new Map(this.refusals);
    if (refusal === undefined) refusals.delete(step);
    else refusals.set(step, refusal);
    this.refusals = refusals;
  }

  private get address(): RunAddress {
    return { server: this.server, run: this.run, token: this.token };
  }

  /** A run under way can be cancelled; whoever wants to is asked once more. */
  private cancelling(): TemplateResult | typeof nothing {
    if (!this.isUnderWay || this.isAbsent) return nothing;
    if (this.ending === 'asked') {
      return html`<span class="cancel" part="cancel" role="group" aria-label="Cancel this run?">
        Cancel this run? <button @click=${() => void this.cancel()}>Cancel it</button>
        <button id="keep" @click=${() => (this.ending = '')}>Keep it</button>
      </span>`;
    }
    const isSent = this.ending === 'sent';
    return html`<span class="cancel" part="cancel">
      <button ?disabled=${isSent} @click=${() => (this.ending = 'asked')}>
        ${isSent ? 'Cancelling …' : 'Cancel run'}
      </button>
    </span>`;
  }

  private async cancel(): Promise<void> {
    const { run } = this;
    const wanted = new CustomEvent('sluice-cancel', {
      detail: { run },
      bubbles: true,
      composed: true,
      cancelable: true,
    });
    this.ending = '';
    if (!this.dispatchEvent(wanted)) return;
    this.ending = 'sent';
    this.uncancelled = '';
    const refusal = await askRun(this.address, 'cancel', {});
    if (refusal === undefined || run !== this.run) return;
    this.ending = '';
    this.uncancelled = refusal;
  }

  /** A run that has ended, from its beginning to its end. */
  private replay(): TemplateResult | typeof nothing {
    const { latest, startedAt, lastAt, dropped } = this.timeline;
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
      ${dropped === 0 ? nothing : html`<span class="soft">without its last ${dropped} events</span>`}
    </div>`;
  }

  private look(time: number): void {
    this.at = time >= this.timeline.lastAt ? undefined : time;
  }
}

function valueOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
