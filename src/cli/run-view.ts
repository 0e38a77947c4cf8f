import type { RunEvent } from '../run/index.js';

interface StepView {
  readonly id: string;
  state: 'working' | 'waiting' | 'done' | 'failed' | 'undone';
  fraction?: number | undefined;
  note: string;
  /** The end of what it has put out. */
  tail: string;
}

const spinner = [...'⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏'];
const marks = { waiting: '?', done: '✓', failed: '✗', undone: '↶' } as const;
/** Most of what a step puts out that is remembered: longer than any line. */
const tailLength = 1000;
const barLength = 20;
/** Most steps that are remembered: none shows more. */
const maxSteps = 1000;

/** A run as lines of text: a step each, with its state, how far it is, and what it puts out. */
export class RunView {
  private readonly steps = new Map<string, StepView>();
  private head = '';
  private title = '';
  /** How the run ended, once it has. */
  end: RunEvent | undefined;

  /** Takes note of an event. */
  add(event: RunEvent): void {
    if (event.step_id === null) this.addOfRun(event);
    else this.addOfStep(event, this.step(event.step_id));
  }

  private addOfRun(event: RunEvent): void {
    switch (event.event_type) {
      case 'pipeline_start':
        this.title = `${event.data.pipeline}  ${event.execution_id}`;
        return;
      case 'pipeline_complete':
        return this.finish(event, `✓ ${this.title}  ${seconds(event.data.duration_ms)}`);
      case 'pipeline_error':
        return this.finish(event, `✗ ${this.title}  ${event.data.message}`);
      case 'pipeline_cancelled':
        return this.finish(event, `✗ ${this.title}  cancelled${because(event.data.reason)}`);
      default:
    }
  }

  private finish(event: RunEvent, head: string): void {
    this.end = event;
    this.head = head;
    for (const step of this.steps.values()) if (step.state === 'working') step.state = 'undone';
  }

  private addOfStep(event: RunEvent, step: StepView): void {
    switch (event.event_type) {
      case 'step_start':
        return set(step, 'working', event.data.attempt === 1 ? '' : `attempt ${event.data.attempt}`);
      case 'step_progress':
        step.fraction = event.data.fraction;
        step.note = event.data.message ?? step.note;
        return;
      case 'step_output':
        step.tail = (step.tail + event.data.values.map(textOf).join('')).slice(-tailLength);
        return;
      case 'step_complete':
        return set(step, 'done', seconds(event.data.duration_ms));
      case 'step_error':
        return set(step, 'failed', event.data.message);
      case 'step_retry':
        return set(step, 'working', `attempt ${event.data.attempt}: ${event.data.reason}`);
      case 'step_waiting':
        return set(step, 'waiting', `waits for "${event.data.name}"`);
      case 'step_compensated':
        return set(step, 'undone', 'undone');
      case 'step_log':
        step.note = event.data.message;
        return;
      default:
    }
  }

  private step(id: string): StepView {
    let step = this.steps.get(id);
    if (step === undefined) {
      this.steps.set(id, (step = { id, state: 'working', note: '', tail: '' }));
      if (this.steps.size > maxSteps) this.steps.delete(this.steps.keys().next().value!);
    }
    return step;
  }

  /** As it is now, no line longer than `columns`, no more than `rows`; `frame` turns the spinners. */
  lines(columns: number, rows: number, frame: number): string[] {
    const turning = spinner[frame % spinner.length]!;
    const head = this.end === undefined ? `${turning} ${this.title}` : this.head;
    const body = [...this.steps.values()].flatMap((step) => this.stepLines(step, turning));
    const room = Math.max(1, rows - 1);
    const shown =
      body.length <= room ? body : [`  … ${body.length - room + 1} more`, ...body.slice(body.length - room + 1)];
    return [head, ...shown].map((line) => clip(line, columns));
  }

  private stepLines({ id, state, fraction, note, tail }: StepView, turning: string): string[] {
    const mark = state === 'working' ? turning : marks[state];
    const bar = state === 'working' && fraction !== undefined ? `  ${barOf(fraction)}` : '';
    const line = `  ${mark} ${id}${bar}${note === '' ? '' : `  ${note}`}`;
    const said = tail.split('\n').findLast((part) => part.trim() !== '');
    return state === 'working' && said !== undefined ? [line, `    │ ${said}`] : [line];
  }
}

function set(step: StepView, state: StepView['state'], note: string): void {
  step.state = state;
  step.note = note;
  if (state !== 'working') return;
  step.tail = '';
  step.fraction = undefined;
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : `${JSON.stringify(value)}\n`;
}

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(1)} s`;
}

function because(reason: string | undefined): string {
  return reason === undefined ? '' : `: ${reason}`;
}

function barOf(fraction: number): string {
  const full = Math.round(fraction * barLength);
  return `${'█'.repeat(full)}${'░'.repeat(barLength - full)} ${Math.round(fraction * 100)} %`;
}

// eslint-disable-next-line no-control-regex -- what a step says must not steer the terminal
const control = /[\u0000-\u001f\u007f-\u009f]+/g;

/** The end of a line counts where a step speaks, its beginning everywhere else. */
function clip(line: string, columns: number): string {
  const characters = [...line.replaceAll(control, ' ')];
  if (characters.length <= columns) return characters.join('');
  if (line.startsWith('    │ ')) return `    │ …${characters.slice(characters.length - columns + 7).join('')}`;
  return `${characters.slice(0, columns - 1).join('')}…`;
}
