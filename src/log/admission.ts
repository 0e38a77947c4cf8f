import { checkBound, type EndStatus, kindOf, StreamError } from '../chunk/index.js';
import type { AppendOptions, Close, Producer } from './log.js';

/** @internal What a log remembers of a producer. */
export interface ProducerState {
  /** The epoch in force. */
  readonly epoch: number;
  /** Number, within that epoch, of the first chunk not kept yet. */
  readonly next: number;
}

/** @internal What a log remembers of a stream, as far as it decides on an append. */
export interface AdmissionState {
  /** How the stream has ended. */
  readonly end: Close | undefined;
  /** The producer that appends, if it has done so before. */
  readonly producer: ProducerState | undefined;
  /** Number the next chunk gets. */
  readonly next: number;
}

const maxProducerId = 256;
const maxReason = 1024;
const fromZero = { min: 0 };
const statuses: ReadonlySet<string> = new Set<EndStatus>(['completed', 'failed', 'cancelled']);

/** @internal Checks the options of an append at call time: TypeError or RangeError. */
export function checkAppend({ producer, close, at, life }: AppendOptions): void {
  if (producer !== undefined) {
    checkText('producer.id', producer.id, 1, maxProducerId);
    checkBound('producer.epoch', producer.epoch, fromZero);
    checkBound('producer.seq', producer.seq, fromZero);
    checkCounts(producer.counts);
  }
  if (close !== undefined) checkClose(close);
  if (at !== undefined) checkBound('at', at, fromZero);
  if (life !== undefined && typeof life !== 'string') {
    throw new TypeError(`life must be a string, got ${kindOf(life)}`);
  }
}

function checkCounts(counts: unknown): void {
  if (counts === undefined || counts === 'chunks' || counts === 'appends') return;
  throw new RangeError(`producer.counts must be "chunks" or "appends", got ${kindOf(counts)}`);
}

function checkClose({ status, reason }: Close): void {
  if (!statuses.has(status)) {
    throw new RangeError(`close.status must be "completed", "failed" or "cancelled", got ${kindOf(status)}`);
  }
  if (reason !== undefined) checkText('close.reason', reason, 0, maxReason);
}

function checkText(name: string, value: unknown, min: number, max: number): void {
  if (typeof value !== 'string') throw new TypeError(`${name} must be a string, got ${kindOf(value)}`);
  if (value.length >= min && value.length <= max) return;
  throw new RangeError(`${name} must be of ${min} to ${max} characters, got ${value.length}`);
}

/**
 * @internal Decides on an append by the laws of {@link Log}, changing nothing.
 *
 * @returns how many chunks of the batch, from its beginning, were kept before
 * @throws {@link StreamError} when the append is refused
 */
export function admit(streamId: string, state: AdmissionState, count: number, options: AppendOptions): number {
  const { producer, close, at } = options;
  const seq = producer === undefined ? 0 : producer.seq;
  const expected = producer === undefined ? 0 : expectedOf(streamId, state.producer, producer.epoch);
  const whole = producer?.counts === 'appends';
  const known = whole && seq < expected ? count : expected - seq;
  const duplicates = Math.min(count, Math.max(0, known));
  if (state.end !== undefined) {
    const nothingNew = whole ? seq < expected : duplicates === count && seq <= expected;
    const sameEnd = close === undefined || close.status === state.end.status;
    if (nothingNew && sameEnd) return duplicates;
    throw closedError(streamId, state.end);
  }
  if (seq > expected) {
    const message = `stream "${streamId}": chunks of this producer are missing: expected number ${expected}, got ${seq}`;
    throw new StreamError('sequence-gap', message, { streamId, expected });
  }
  const repeated = duplicates === count && seq < expected;
  if (at === undefined || at === state.next || repeated) return duplicates;
  const message = `stream "${streamId}": the next chunk gets number ${state.next}, and the append is for number ${at}`;
  throw new StreamError('append-conflict', message, { streamId, expected: state.next });
}

/** @internal Refuses what is meant for another stream than the one that has its name. */
export function checkLife(streamId: string, life: string, wanted: string | undefined): void {
  if (wanted === undefined || wanted === life) return;
  throw new StreamError('stream-not-found', `the stream "${streamId}" was removed, and another has its name`, {
    streamId,
  });
}

/** @internal What to remember of a producer whose append was admitted. */
export function nextState(known: ProducerState | undefined, producer: Producer, count: number): ProducerState {
  const { epoch, seq, counts } = producer;
  const behind = seq + (counts === 'appends' ? 1 : count);
  const next = known?.epoch === epoch ? Math.max(known.next, behind) : behind;
  return { epoch, next };
}

function expectedOf(streamId: string, known: ProducerState | undefined, epoch: number): number {
  if (known === undefined || epoch > known.epoch) return 0;
  if (epoch === known.epoch) return known.next;
  throw new StreamError(
    'producer-fenced',
    `stream "${streamId}": epoch ${epoch} of this producer is over, ${known.epoch} is in force`,
    { streamId, expected: known.epoch },
  );
}

function closedError(streamId: string, { status, reason }: Close): StreamError {
  const why = reason === undefined ? '' : `: ${reason}`;
  const code = status === 'cancelled' ? 'stream-cancelled' : 'stream-closed';
  return new StreamError(code, `stream "${streamId}" has ended as ${status}${why}`, { streamId });
}
