import type { ConnectionLimits } from '../../src/client/connection.js';
import { Reading, type Window } from '../../src/client/reading.js';
import { Writing } from '../../src/client/writing.js';
import { WritingConnection } from '../../src/client/writing-connection.js';
import type { JoinPosition } from '../../src/chunk/index.js';
import type { BadFrame, FrameOf, ServerFrame } from '../../src/protocol/index.js';
import { frameWords } from '../frame-words.js';

/** A server's greeting. */
export const welcome: FrameOf<ServerFrame, 'welcome'> = {
  t: 'welcome',
  protocol: 'sluice.v1',
  session: 'id',
  maxFrame: 65_536,
  pingMs: 1000,
  window: { chunks: 4, bytes: 100 },
};

/** A connection, and what it does to each thing that is done to it, in words. */
export class ConnectionRecorder {
  readonly connection: WritingConnection;
  /** The time, in milliseconds. */
  now = 0;
  /** What the link answers: whether it takes more. */
  writable = true;
  /** When it wants to be woken. */
  wakeAt: number | undefined;
  /** Called with every state. */
  heard: (state: string) => void = () => {};
  private actions: string[] = [];

  constructor(limits: Partial<ConnectionLimits> = {}) {
    const act = (words: string): void => void this.actions.push(words);
    this.connection = new WritingConnection(
      {
        connectMs: 100,
        pingMs: 5000,
        retryMs: 400,
        maxRetries: Infinity,
        backoff: (attempt) => 10 * 2 ** attempt,
        spread: (ms) => ms / 2,
        ...limits,
      },
      {
        connect: () => act('connect'),
        send: (frames) => {
          act(`send ${frames.map(frameWords).join(' | ')}`);
          return this.writable;
        },
        disconnect: (code, reason) => act(`disconnect ${code} ${reason}`),
        dirty: () => act('dirty'),
        wakeAt: (time) => {
          this.wakeAt = time;
        },
        pushed: (data) => act(`pushed ${JSON.stringify(data)}`),
        state: (state) => {
          act(state);
          this.heard(state);
        },
      },
    );
  }

  /** Does something; answers what the connection did about it. That it is dirty says nothing: `flush` tells. */
  on(event: (connection: WritingConnection) => void): string[] {
    event(this.connection);
    return this.actions.splice(0).filter((words) => words !== 'dirty');
  }

  /** Hears frames; answers what the connection did about them. */
  hears(...frames: readonly (ServerFrame | BadFrame)[]): string[] {
    return this.on((connection) => connection.received(frames, this.now));
  }

  /** Ends the turn; answers the messages that left. */
  sent(): string[] {
    return this.on((connection) => connection.flush(this.now))
      .filter((words) => words.startsWith('send '))
      .map((words) => words.slice('send '.length));
  }

  /** Lets time pass: wakes the connection when it wants to be, up to that time. */
  passes(to: number): string[] {
    return this.on((connection) => {
      while (this.wakeAt !== undefined && this.wakeAt <= to) {
        this.now = this.wakeAt;
        this.wakeAt = undefined;
        connection.tick(this.now);
      }
      this.now = to;
    });
  }

  /** Opens a link: connects, and is welcome. Answers the messages that left. */
  opens(greeting = welcome): string[] {
    if (this.connection.state === 'idle') this.connection.cancel('nothing', undefined, this.now);
    if (this.connection.state === 'waiting') this.passes(this.wakeAt!);
    this.hears(greeting);
    return this.sent().filter((words) => words !== 'cancel stream=nothing');
  }
}

/** A reading, and what it tells its reader, in words. */
export class ReadingRecorder {
  readonly reading: Reading;
  private events: string[] = [];

  constructor(streamId = 's', from: JoinPosition = 'beginning', window: Window = { chunks: 4, bytes: 100 }) {
    this.reading = new Reading(streamId, from, window, {
      started: (seq) => void this.events.push(`started ${seq}`),
      snapshot: ({ seq, data }) => void this.events.push(`snapshot ${seq}:${String(data)}`),
      chunks: (chunks) => void this.events.push(...chunks.map(({ seq, data }) => `${seq}:${String(data)}`)),
      gap: (from, to, reason) => void this.events.push(`gap ${from}-${to} ${reason}`),
      end: (seq, status, error) =>
        void this.events.push(`end ${seq} ${status}${error === undefined ? '' : ` ${error.message}`}`),
      mark: (seq) => void this.events.push(`mark ${seq}`),
      failed: (error) => void this.events.push(`failed ${error.code}`),
    });
  }

  /** What it told since the last look. */
  told(): string[] {
    return this.events.splice(0);
  }
}

/** A writing, and what it tells its writer, in words. */
export class WritingRecorder {
  readonly writing: Writing;
  private events: string[] = [];

  constructor(streamId = 's', producer = 'p', epoch = 0, seq = 0) {
    this.writing = new Writing(streamId, producer, epoch, seq, {
      acked: (kept, next, closed) => void this.events.push(`acked ${kept} ${next}${closed ? ' closed' : ''}`),
      stopped: (reason) => void this.events.push(`stopped ${reason}`),
      failed: (error) => void this.events.push(`failed ${error.code}: ${error.message}`),
    });
  }

  /** What it told since the last look. */
  told(): string[] {
    return this.events.splice(0);
  }
}
