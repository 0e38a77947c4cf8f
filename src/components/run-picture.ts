/** An attempt of a step that failed. */
export interface FailedAttempt {
  readonly attempt: number;
  readonly message: string;
  readonly durationMs: number | undefined;
}

/** A step of a run as far as is known. */
export interface StepPicture {
  readonly id: string;
  state: 'working' | 'waiting' | 'done' | 'failed' | 'undone';
  attempt: number;
  /** From 0 to 1. */
  fraction?: number | undefined;
  /** What it said last. */
  note: string;
  /** When its first attempt began, and this one; when it ended, if it has. */
  firstAt: number;
  startedAt: number;
  endedAt?: number | undefined;
  durationMs?: number | undefined;
  error?: string | undefined;
  /** The last attempts before this one that failed. */
  readonly failures: FailedAttempt[];
  /** What it waits for, since when, and what is said about it, as text. */
  question?: { readonly name: string; readonly since: number; readonly details: string } | undefined;
  /** The end of what it has put out. */
  text: string;
}

/** An event of a run as it is read: nothing is believed of it. */
export interface SeenEvent {
  readonly type: string;
  readonly step: string | undefined;
  readonly at: number;
  readonly data: Readonly<Record<string, unknown>>;
}

/** Most steps that are remembered, and most failed attempts of each. */
const [maxSteps, maxFailures] = [1000, 5];
/** Most characters of what a step has put out, and of anything else that is said. */
const [maxText, maxWords] = [20_000, 2000];

/** A run as its events tell it, for a page: whatever they hold, adding one never fails. */
export class RunPicture {
  readonly steps = new Map<string, StepPicture>();
  pipeline = '';
  private outcome: 'completed' | 'failed' | 'cancelled' | undefined;
  /** Why it failed or was cancelled. */
  reason = '';
  attempts = 0;
  startedAt: number | undefined;
  lastAt: number | undefined;
  endedAt: number | undefined;

  /** Takes note of an event. */
  add(event: SeenEvent): void {
    this.lastAt = event.at;
    if (event.step === undefined) this.addOfRun(event);
    else this.addOfStep(event, this.step(event.step, event.at));
  }

  /** How it stands. It is asked once a picture, and thousands of events may come between. */
  get status(): 'running' | 'waiting' | 'completed' | 'failed' | 'cancelled' {
    if (this.outcome !== undefined) return this.outcome;
    for (const { state } of this.steps.values()) if (state === 'waiting') return 'waiting';
    return 'running';
  }

  private addOfRun({ type, data, at }: SeenEvent): void {
    switch (type) {
      case 'pipeline_start':
        this.pipeline = text(data['pipeline']);
        this.attempts = number(data['attempt']) ?? 1;
        this.startedAt ??= at;
        return;
      case 'pipeline_complete':
        return this.finish('completed', at, '');
      case 'pipeline_error':
        return this.finish('failed', at, text(data['message']));
      case 'pipeline_cancelled':
        return this.finish('cancelled', at, text(data['reason']));
      default:
    }
  }

  private finish(status: 'completed' | 'failed' | 'cancelled', at: number, reason: string): void {
    this.outcome = status;
    this.endedAt = at;
    this.reason = reason;
    for (const step of this.steps.values()) {
      if (step.state === 'working' || step.state === 'waiting') settle(step, 'undone', at, step.durationMs);
      step.question = undefined;
    }
  }

  private addOfStep({ type, data, at }: SeenEvent, step: StepPicture): void {
    switch (type) {
      case 'step_start':
        return this.start(step, at, number(data['attempt']) ?? 1, '');
      case 'step_retry':
        return this.start(step, at, number(data['attempt']) ?? step.attempt + 1, text(data['reason']));
      case 'step_progress':
        step.fraction = Math.min(1, Math.max(0, number(data['fraction']) ?? 0));
        step.note = text(data['message']) || step.note;
        return;
      case 'step_output':
        step.text = (step.text + outputText(data)).slice(-maxText);
        return;
      case 'step_complete':
        return settle(step, 'done', at, number(data['duration_ms']));
      case 'step_error':
        step.error = text(data['message']);
        return settle(step, 'failed', at, number(data['duration_ms']));
      case 'step_waiting':
        step.state = 'waiting';
        step.question = { name: text(data['name']), since: at, details: detailsOf(data['details']) };
        return;
      case 'step_compensated':
        return settle(step, 'undone', step.endedAt ?? at, step.durationMs);
      case 'step_log':
        step.note = text(data['message']);
        return;
      default:
    }
  }

  private start(step: StepPicture, at: number, attempt: number, note: string): void {
    if (step.state === 'failed') fail(step);
    step.state = 'working';
    step.attempt = attempt;
    step.startedAt = at;
    // Why the attempt before this one failed is said beside it.
    step.note = note === step.failures.at(-1)?.message ? '' : note;
    step.fraction = undefined;
    step.durationMs = undefined;
    step.endedAt = undefined;
    step.error = undefined;
    step.text = '';
  }

  private step(id: string, at: number): StepPicture {
    let step = this.steps.get(id);
    if (step === undefined) {
      step = { id, state: 'working', attempt: 1, note: '', firstAt: at, startedAt: at, failures: [], text: '' };
      this.steps.set(id, step);
      if (this.steps.size > maxSteps) this.steps.delete(this.steps.keys().next().value!);
    }
    return step;
  }
}

/** The attempt that has failed is one of those before, for another one begins. */
function fail({ attempt, error = '', durationMs, failures }: StepPicture): void {
  failures.push({ attempt, message: error, durationMs });
  if (failures.length > maxFailures) failures.shift();
}

function settle(step: StepPicture, state: StepPicture['state'], at: number, durationMs: number | undefined): void {
  step.state = state;
  step.endedAt = at;
  step.durationMs = durationMs;
  step.question = undefined;
  if (state === 'done') step.error = undefined;
}

function outputText({ values, encoding }: SeenEvent['data']): string {
  const list: readonly unknown[] = Array.isArray(values) ? values : [];
  if (encoding !== undefined)
    return list.map((value) => `[${Math.floor(String(value).length * 0.75)} bytes]\n`).join('');
  return list.map((value) => (typeof value === 'string' ? value : `${JSON.stringify(value)}\n`)).join('');
}

function detailsOf(details: unknown): string {
  return details === undefined ? '' : JSON.stringify(details, null, 2).slice(0, maxText);
}

function text(value: unknown): string {
  return typeof value === 'string' ? value.slice(0, maxWords) : '';
}

function number(value: unknown): number | undefined {
  return typeof value === 'number' ? value : undefined;
}

/** Times that no date can say are none. */
function timeOf(value: unknown): number {
  const at = number(value) ?? 0;
  return at >= 0 && at <= 8.64e15 ? at : 0;
}

/** Reads what is in a run's stream; `undefined` for what is no event. */
export function seenEvent(data: unknown): SeenEvent | undefined {
  if (typeof data !== 'object' || data === null || Array.isArray(data)) return undefined;
  const { event_type: type, step_id: step, timestamp, data: told } = data as Record<string, unknown>;
  if (typeof type !== 'string') return undefined;
  return {
    type,
    step: typeof step === 'string' ? step.slice(0, maxWords) : undefined,
    at: timeOf(timestamp),
    data: typeof told === 'object' && told !== null ? (told as Record<string, unknown>) : {},
  };
}
