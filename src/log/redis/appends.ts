import { type EncodedChunk, type EndStatus, StreamError } from '../../chunk/index.js';
import { admit, type ProducerState } from '../admission.js';
import type { Appended, AppendOptions, Close } from '../log.js';
import { AnswerLost, type RedisCaller } from './caller.js';
import type { RedisArgument, RedisReply } from './client.js';
import { answerLost } from './failure.js';
import type { StreamKeys } from './keys.js';
import { asBuffer, PlainAppends, plainlyAppended, type RedisBounds, type Wanted } from './plain-appends.js';
import { appendScript, plainAppendScript, type RedisScript } from './scripts.js';

/** @internal Told what becomes of the appends to a stream. */
export interface AppendsListener {
  /** The stream has ended by one of them, and is to be removed some time. */
  ended(streamId: string, life: string, expiresAt: string): void;
  /** One that took so many bytes is over. */
  settled(bytes: number): void;
  /** None is left. */
  idle(streamId: string): void;
}

interface Pending extends Wanted {
  readonly token: string;
  readonly bytes: number;
  resolve(appended: Appended): void;
  reject(error: unknown): void;
}

/** Most appends, and bytes of them, that go in one call: no script keeps others waiting for long. */
const maxCalls = 256;
const maxCallBytes = 512 * 1024;

/**
 * @internal The appends to one stream: one call is under way at a time, and what comes meanwhile goes together in the next.
 * So they take effect in the order they were made, whatever becomes of a call.
 */
export class StreamAppends {
  private waiting: Pending[] = [];
  private busy = false;
  private readonly plain: PlainAppends;

  constructor(
    private readonly streamId: string,
    private readonly keys: StreamKeys,
    private readonly caller: RedisCaller,
    private readonly bounds: RedisBounds,
    private readonly listener: AppendsListener,
  ) {
    this.plain = new PlainAppends(bounds);
  }

  add(batch: readonly EncodedChunk[], options: AppendOptions, token: string, bytes: number): Promise<Appended> {
    return new Promise((resolve, reject) => {
      this.waiting.push({ batch, options, token, bytes, resolve, reject });
      if (!this.busy) this.begin();
    });
  }

  /** Not before everybody whose turn it is had it: what comes together goes together. */
  private begin(): void {
    this.busy = true;
    process.nextTick(this.work);
  }

  private readonly work = async (): Promise<void> => {
    const group = this.take();
    try {
      await this.perform(group);
    } catch (error) {
      for (const pending of group) this.reject(pending, error);
    }
    if (this.waiting.length > 0) return this.begin();
    this.busy = false;
    this.listener.idle(this.streamId);
  };

  private take(): readonly Pending[] {
    let [count, bytes] = [0, 0];
    for (const pending of this.waiting) {
      bytes += pending.bytes;
      if (count === maxCalls || (count > 0 && bytes > maxCallBytes)) break;
      count++;
    }
    return this.waiting.splice(0, count);
  }

  private async perform(group: readonly Pending[]): Promise<void> {
    const repeatable = group.every(isRepeatable);
    try {
      if (await this.keepPlain(group, repeatable)) return;
      this.settle(group, await this.decide(group, repeatable));
    } catch (error) {
      if (!(error instanceof AnswerLost)) throw error;
      // The others are made again: had they been kept, they are acknowledged only.
      const again = group.filter(isRepeatable);
      for (const pending of group) {
        if (!isRepeatable(pending)) this.reject(pending, answerLost(error.cause, this.streamId));
      }
      if (again.length > 0) this.settle(again, await this.decide(again, true));
    }
  }

  /** Has the short script keep them. Answers whether it did. */
  private async keepPlain(group: readonly Pending[], repeatable: boolean): Promise<boolean> {
    const values = this.plain.values(group);
    if (values === undefined) return false;
    const first = await this.run(plainAppendScript, values, repeatable);
    if (first === null) return false;
    let next = first as number;
    for (const pending of group) {
      const appended = plainlyAppended(pending, next);
      ({ next } = appended);
      this.resolve(pending, appended);
    }
    return true;
  }

  private decide(group: readonly Pending[], repeatable: boolean): Promise<RedisReply> {
    const { ttlMs, maxChunks, maxProducers, maxChunkBytes } = this.bounds;
    const bounds = [`${ttlMs}`, `${maxChunks}`, `${maxProducers}`, `${maxChunkBytes}`];
    const values: RedisArgument[] = [this.keys.channel, `${Date.now()}`, ...bounds];
    for (const pending of group) write(pending, values);
    return this.run(appendScript, values, repeatable);
  }

  private run(script: RedisScript, values: readonly RedisArgument[], repeatable: boolean): Promise<RedisReply> {
    const { info, chunks } = this.keys;
    return this.caller.run({ script, keys: [info, chunks], values, streamId: this.streamId }, repeatable);
  }

  private settle(group: readonly Pending[], reply: RedisReply): void {
    if (reply === null) throw noStream(this.streamId);
    const [expiry, ...outcomes] = reply as readonly RedisReply[];
    if (expiry !== null) {
      const [life, expiresAt] = expiry as readonly RedisReply[];
      this.listener.ended(this.streamId, String(life), String(expiresAt));
    }
    for (const [i, pending] of group.entries()) {
      try {
        this.resolve(pending, this.appended(pending, outcomes[i] as readonly RedisReply[]));
      } catch (error) {
        this.reject(pending, error);
      }
    }
  }

  private resolve({ resolve, bytes, options }: Pending, appended: Appended): void {
    if (options.producer !== undefined) this.plain.know(options.producer);
    this.listener.settled(bytes);
    resolve(appended);
  }

  private reject({ reject, bytes }: Pending, error: unknown): void {
    this.listener.settled(bytes);
    reject(error);
  }

  private appended({ batch, options }: Pending, outcome: readonly RedisReply[]): Appended {
    const { streamId } = this;
    const [first, second, third, fourth, fifth] = outcome;
    if (first === -1) throw refusal(streamId, batch.length, options, outcome);
    if (first === -2) {
      const message = `stream "${streamId}" has ${this.bounds.maxProducers} producers, which is as many as it may`;
      throw new StreamError('limit-reached', message, { streamId });
    }
    if (first === -3) {
      const limit = this.bounds.maxChunkBytes;
      const message = `stream "${streamId}" keeps chunks of ${limit} bytes: chunk ${second} of the batch takes ${third}`;
      throw new StreamError('chunk-too-large', message, { streamId });
    }
    if (first === -4) throw noStream(streamId);
    const appended = {
      first: first as number,
      next: second as number,
      duplicates: third as number,
      ended: fourth === 1,
    };
    return fifth === null ? appended : { ...appended, expected: fifth as number };
  }
}

/** @internal The error of a stream that is not there. */
export function noStream(streamId: string): StreamError {
  return new StreamError('stream-not-found', `there is no stream "${streamId}"`, { streamId });
}

/** Whether an append that was kept already does nothing when it comes again. */
function isRepeatable({ batch, options }: Pending): boolean {
  return batch.length === 0 || options.producer !== undefined;
}

function write({ batch, options, token }: Pending, values: RedisArgument[]): void {
  const { producer, close, at, life = '' } = options;
  if (producer === undefined) values.push('', '0', '0');
  else values.push(producer.id, `${producer.epoch}`, `${producer.seq}`);
  // A reason may be empty, and is still one.
  const reason = close?.reason === undefined ? '' : `:${close.reason}`;
  const plain = batch.every(({ bytes }) => bytes === undefined);
  values.push(close?.status ?? '', reason, token, producer?.counts === 'appends' ? 'a' : 'c', `${at ?? ''}`, life);
  values.push(plain ? 't' : 'b', `${batch.length}`);
  for (const { head, bytes, size } of batch) {
    values.push(head, `${size}`);
    if (bytes !== undefined) values.push('1', asBuffer(bytes));
    else if (!plain) values.push('', '');
  }
}

/** The refusal that the same laws give for what the script has seen. */
function refusal(streamId: string, count: number, options: AppendOptions, outcome: readonly RedisReply[]): StreamError {
  const [, epoch, expected, status, reason, next] = outcome;
  const producer = epoch === null ? undefined : ({ epoch, next: expected } as ProducerState);
  const end = status === null ? undefined : endOf(status!, reason!);
  try {
    admit(streamId, { end, producer, next: next as number }, count, options);
  } catch (error) {
    return error as StreamError;
  }
  return new StreamError('internal', `stream "${streamId}": Redis refuses what may be kept`, { streamId });
}

/** @internal How a stream has ended, as a script answers it. */
export function endOf(status: RedisReply, reason: RedisReply): Close {
  const end = { status: String(status) as EndStatus };
  return Object.freeze(reason === null ? end : { ...end, reason: String(reason) });
}
