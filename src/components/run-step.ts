import { css, html, nothing, svg, type TemplateResult } from 'lit';
import { durationWords } from './duration.js';
import type { FailedAttempt, StepPicture } from './run-picture.js';

const marks = { working: '●', waiting: '?', done: '✓', failed: '✗', undone: '↶' } as const;
const markWords = {
  working: 'working',
  waiting: 'waits for an answer',
  done: 'done',
  failed: 'failed',
  undone: 'undone',
};

/** How far in steps within steps are at most: beyond that there is no room. */
const deepest = 3;

/** @internal What steps look like. */
export const stepStyle = css`
  .done .mark {
    color: var(--well);
  }
  .failed .mark,
  .error {
    color: var(--ill);
  }
  .waiting .mark {
    color: var(--warm);
  }
  .working .mark {
    color: var(--accent);
  }
  .when {
    flex: none;
    width: clamp(9rem, 34cqw, 24rem);
    height: 0.5rem;
    align-self: center;
    border-radius: 0.25rem;
    background: var(--shade);
  }
  .when rect {
    fill: var(--soft);
  }
  .working .when rect {
    fill: var(--accent);
  }
  .waiting .when rect {
    fill: var(--warm);
  }
  .failed .when rect {
    fill: var(--ill);
  }
  .took {
    min-width: 9rem;
    text-align: right;
  }
  .failures {
    margin: 0.375rem 0 0 1.75rem;
    padding: 0;
    border: 0;
    border-radius: 0;
    background: none;
    color: var(--soft);
    font-size: 0.8125rem;
  }
  .failures li {
    padding: 0;
    border: 0;
    overflow-wrap: anywhere;
    unicode-bidi: plaintext;
  }
  @media (max-width: 44rem) {
    .when {
      display: none;
    }
    .took {
      min-width: 0;
    }
  }
  ol {
    margin: 0;
    padding: 0;
    list-style: none;
    border: 1px solid var(--line);
    border-radius: var(--radius);
    background: var(--paper);
    overflow: hidden;
    container-type: inline-size;
  }
  li {
    padding: 0.75rem 1rem;
    content-visibility: auto;
    contain-intrinsic-size: auto 3rem;
  }
  li + li {
    border-top: 1px solid var(--line);
  }
  li.within-1 {
    padding-left: 2.25rem;
  }
  li.within-2 {
    padding-left: 3.5rem;
  }
  li.within-3 {
    padding-left: 4.75rem;
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
    display: block;
    width: calc(100% - 1.75rem);
    height: 0.375rem;
    margin: 0.5rem 0 0.25rem 1.75rem;
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
  .note:empty {
    min-width: 0;
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
    grid-template-columns: minmax(0, 1fr);
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
`;

/** @internal The time a run takes: from its beginning until now, or until it ended. */
export interface RunSpan {
  readonly from: number;
  readonly to: number;
}

/** @internal A step of a run: how it stands, how long and when, what went wrong, and what it puts out. `form` asks for an answer. */
export function runStep(step: StepPicture, span: RunSpan, form: TemplateResult | typeof nothing): TemplateResult {
  const { id, state, fraction, note, error, text, failures } = step;
  const name = id.slice(id.lastIndexOf('/') + 1);
  return html`<li class="${state} within-${Math.min(deepest, id.split('/').length - 1)}">
    <div class="row">
      <span class="mark" role="img" aria-label=${markWords[state]}>${marks[state]}</span>
      <bdi class="name" title=${id}>${name}</bdi>
      <span class="note">${note}</span>
      ${whenPicture(step, span)}
      <span class="soft took">${tookWords(step, span)}</span>
    </div>
    ${
      state === 'working' && fraction !== undefined
        ? html`<progress max="1" .value=${fraction} aria-label="Progress of ${name}"></progress>`
        : nothing
    }
    ${failures.length === 0 ? nothing : failedAttempts(failures)}
    ${error === undefined ? nothing : html`<p class="error">${error}</p>`} ${form} ${output(state, text)}
  </li>`;
}

function tookWords({ attempt, state, startedAt, durationMs, question }: StepPicture, { to }: RunSpan): string {
  const attempts = attempt > 1 ? [`attempt ${attempt}`] : [];
  if (state === 'waiting' && question !== undefined) return `waits for ${durationWords(to - question.since)}`;
  if (state === 'working') return [...attempts, `for ${durationWords(to - startedAt)}`].join(' · ');
  return [...attempts, ...(durationMs === undefined ? [] : [durationWords(durationMs)])].join(' · ');
}

/** When in the time of the run a step was at work. Its numbers are in attributes: a strict policy allows no styles. */
function whenPicture({ firstAt, endedAt }: StepPicture, { from, to }: RunSpan): TemplateResult | typeof nothing {
  const whole = to - from;
  if (whole <= 0) return nothing;
  const begun = Math.min(100, Math.max(0, ((firstAt - from) / whole) * 100));
  const over = Math.min(100, Math.max(begun, (((endedAt ?? to) - from) / whole) * 100));
  // What is too short to be seen is seen all the same.
  const width = Math.max(1, over - begun);
  return html`<svg class="when" aria-hidden="true">
    ${svg`<rect x="${Math.min(begun, 100 - width)}%" width="${width}%" height="100%" rx="4"></rect>`}
  </svg>`;
}

function failedAttempts(failures: readonly FailedAttempt[]): TemplateResult {
  return html`<ol class="failures" aria-label="Attempts that failed">
    ${failures.map(
      ({ attempt, message, durationMs }) =>
        html`<li>
          attempt ${attempt} failed${durationMs === undefined ? '' : ` after ${durationWords(durationMs)}`}: ${message}
        </li>`,
    )}
  </ol>`;
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
