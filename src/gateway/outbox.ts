import type { EncodedChunk, StreamError } from '../chunk/index.js';
import { closeCodes, type CloseName, type ServerFrame } from '../protocol/index.js';
import { type About, errorFrame } from './error-frame.js';
import type { SessionActions } from './session-actions.js';

/** Whose frames an {@link Outbox} sends. */
export interface Sender {
  /** Frames have left, as one message. */
  sent(): void;
  /** Nothing leaves any more. */
  closed(): void;
}

/** Most frames that wait while the link takes no more. */
const maxBacklog = 1024;
/** Most numbers in the lists of `pong` frames that wait: one such frame may be as long as its `ping`. */
const maxBacklogMarks = 65_536;
/** Encoded bytes of chunks in one turn. What goes beyond waits for the next, and so for the link to have taken these. */
const maxTurnBytes = 1 << 20;

/** What a session has to say: gathered during a turn, sent at its end as one message, kept while the link takes no more. */
export class Outbox {
  /** Whether the link takes more. What cannot be held back waits here; chunks are not even read. */
  writable = true;
  /** Whether it may have room for chunks: not from when it had none until it says so. None are read meanwhile. */
  hasRoom = true;
  /** Nothing leaves any more. */
  closed = false;

  private frames: ServerFrame<EncodedChunk>[] = [];
  private bytes = 0;
  private marks = 0;
  private isDirty = false;

  constructor(
    private readonly act: Pick<SessionActions, 'send' | 'takes' | 'dirty' | 'close'>,
    private readonly sender: Sender,
  ) {}

  /** Whether this turn has got its share of chunks. */
  get full(): boolean {
    return this.bytes >= maxTurnBytes;
  }

  /** Whether the link takes more than it has to. */
  get roomy(): boolean {
    return this.writable && this.hasRoom && !this.full;
  }

  /** Whether there is room for so many bytes of chunks, which are added then. */
  takes(bytes: number): boolean {
    this.hasRoom = this.act.takes(bytes);
    return this.hasRoom;
  }

  /** Takes a frame with so many encoded bytes of chunks. */
  add(frame: ServerFrame<EncodedChunk>, bytes = 0): void {
    if (this.closed) return;
    this.bytes += bytes;
    if (this.frames.length === 0) this.frames = [frame];
    else this.frames.push(frame);
    if (frame.t === 'pong') this.marks += frame.sent.length;
    const long = this.frames.length > maxBacklog || this.marks > maxBacklogMarks;
    if (!this.writable) {
      if (long) this.close('backlog', 'the answers are not read');
      return;
    }
    // One turn may bring more requests than may wait: only the link knows whether their answers are read.
    if (long) return this.flush();
    if (this.isDirty) return;
    this.isDirty = true;
    this.act.dirty();
  }

  /** Answers a request with an error. */
  refuse(error: StreamError, about?: About): void {
    // Without its log a gateway is good for nothing: another may reach it, and nobody need give up what it reads or writes.
    if (error.code === 'log-unavailable') return this.close('unavailable', error.message);
    this.add(errorFrame(error, about));
  }

  /** Sends what is ready, as one message. */
  flush(): void {
    this.isDirty = false;
    if (this.closed || !this.writable || this.frames.length === 0) return;
    const { frames } = this;
    this.frames = [];
    this.bytes = 0;
    this.marks = 0;
    try {
      this.writable = this.act.send(frames);
    } catch {
      this.close('internal', 'the link failed');
    }
    this.sender.sent();
  }

  /** The link takes more again. */
  drained(): void {
    this.writable = true;
    this.hasRoom = true;
    this.flush();
  }

  /** Sends what is ready, then closes the link. */
  close(name: CloseName, reason: string): void {
    if (this.closed) return;
    this.flush();
    // Sending may have ended it.
    if (this.closed) return;
    this.act.close(closeCodes[name], reason);
    this.sender.closed();
  }

  /** The link has ended: nothing is kept for it. */
  discard(): void {
    this.closed = true;
    this.frames = [];
  }
}
