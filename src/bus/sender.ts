import { asyncScheduler, interval, type SchedulerLike, Subscription } from 'rxjs';
import { Ring } from '../../operators/ring.js';
import {
  checkBound,
  checkName,
  type ChunkData,
  createChunk,
  type EndStatus,
  type Range,
  StreamError,
} from '../chunk/index.js';
import type { Bus } from './bus.js';
import type { Sender, SenderOptions } from './reliable.js';
import { type Message, messageText, readMessage } from './message.js';

/** @internal Where receivers ask for what is missing. */
export function requestTopic(topic: string): string {
  return `${topic}/requests`;
}

/** @internal A sender over a bus: `reliable` makes it. */
export class BusSender implements Sender {
  readonly id: string;
  next = 0;
  bytes = 0;

  /** What was sent last, as text, the newest number being `next - 1`. */
  private readonly kept = new Ring<string>(Infinity);
  private readonly keepChunks: number;
  private readonly keepBytes: number;
  private readonly heartbeatMs: number;
  private readonly lingerMs: number;
  private readonly scheduler: SchedulerLike;
  private readonly teardown = new Subscription();
  /** Something was said since the last heartbeat. */
  private spoke = false;
  private end: Extract<Message, { t: 'end' }> | undefined;

  constructor(
    private readonly bus: Bus,
    private readonly topic: string,
    options: SenderOptions,
  ) {
    checkName(topic);
    this.id = options.id ?? crypto.randomUUID();
    this.keepChunks = checkBound('keepChunks', options.keepChunks ?? 4096);
    this.keepBytes = checkBound('keepBytes', options.keepBytes ?? 4 << 20);
    this.heartbeatMs = checkBound('heartbeatMs', options.heartbeatMs ?? 500);
    this.lingerMs = checkBound('lingerMs', options.lingerMs ?? 5000, { min: 0 });
    this.scheduler = options.scheduler ?? asyncScheduler;
    void this.listen();
    this.teardown.add(interval(this.heartbeatMs, this.scheduler).subscribe(() => this.beat()));
  }

  private async listen(): Promise<void> {
    try {
      const stop = await this.bus.subscribe(requestTopic(this.topic), (text) => this.asked(text));
      this.teardown.add(stop);
    } catch {
      // Without the bus nothing arrives either: receivers hear of the silence.
    }
  }

  send(data: ChunkData): void {
    if (this.end !== undefined || this.teardown.closed) {
      throw new StreamError('stream-closed', `the sender of "${this.topic}" was closed`, { streamId: this.topic });
    }
    const chunk = createChunk({
      streamId: this.topic,
      seq: this.next,
      data,
      checksum: true,
      timestamp: this.scheduler.now(),
    });
    const text = messageText({ t: 'chunk', from: this.id, chunk });
    this.next++;
    this.keep(text);
    this.say(text);
  }

  private keep(text: string): void {
    this.kept.push(text);
    this.bytes += text.length;
    while (this.kept.length > this.keepChunks || (this.bytes > this.keepBytes && this.kept.length > 1)) {
      this.bytes -= this.kept.shift()!.length;
    }
  }

  private say(text: string): void {
    this.spoke = true;
    try {
      const sent = this.bus.publish(this.topic, text);
      // What cannot be sent now is asked for later.
      if (sent instanceof Promise) sent.catch(() => {});
    } catch {
      // As above.
    }
  }

  private beat(): void {
    if (this.end !== undefined) this.say(messageText(this.end));
    else if (!this.spoke) this.say(messageText({ t: 'mark', from: this.id, seq: this.next }));
    this.spoke = false;
  }

  /** Sends again what is asked for, and says what is no longer kept. */
  private asked(text: string): void {
    const message = readMessage(text);
    if (message?.t !== 'nack' || message.to !== this.id || this.teardown.closed) return;
    const first = this.next - this.kept.length;
    const lost: Range[] = [];
    for (const { from, to } of message.ranges) if (from < first) lost.push({ from, to: Math.min(to, first) });
    // First, so that what follows does not wait for it.
    if (lost.length > 0) this.say(messageText({ t: 'lost', from: this.id, ranges: lost }));
    // Ranges of one request do not overlap, unless somebody means harm: a small message must not become millions.
    let room = this.kept.length;
    for (const { from, to } of message.ranges) {
      const end = Math.min(to, this.next);
      for (let seq = Math.max(from, first); seq < end && room > 0; seq++, room--) this.say(this.kept.at(seq - first)!);
    }
  }

  async close(status: EndStatus = 'completed', reason?: string): Promise<void> {
    if (this.end !== undefined || this.teardown.closed) return;
    this.end = { t: 'end', from: this.id, seq: this.next, status, ...(reason === undefined ? {} : { reason }) };
    this.say(messageText(this.end));
    await new Promise<void>((resolve) => {
      this.teardown.add(this.scheduler.schedule(() => resolve(), this.lingerMs));
      this.teardown.add(() => resolve());
    });
    this.dispose();
  }

  dispose(): void {
    this.teardown.unsubscribe();
    this.kept.clear();
    this.bytes = 0;
  }
}
