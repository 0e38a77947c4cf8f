import type { EncodedChunk } from '../../src/chunk/index.js';
import { sessionLimits, type SessionLimitOptions } from '../../src/gateway/limits.js';
import { packParcel } from '../../src/gateway/parcel.js';
import { Session } from '../../src/gateway/session.js';
import type { Subscription } from '../../src/gateway/subscription.js';
import type { BadFrame, ClientFrame, ServerFrame } from '../../src/protocol/index.js';
import { encodedTexts } from '../bodies.js';
import { frameWords } from '../frame-words.js';

/** A session, and what it does to each thing that is done to it, in words. */
export class SessionRecorder {
  readonly session: Session;
  /** What the link answers: whether it takes more. */
  writable = true;
  /** For how much at once there is room. */
  room = Infinity;
  /** Whether it takes a while to find out whose a token is. */
  looking = false;
  /** What the link throws. */
  broken: Error | undefined;
  /** Everything the link was given. */
  readonly sent: ServerFrame<EncodedChunk>[] = [];
  /** Finds a stream at once. */
  find: (streamId: string) => void = () => {};
  private actions: string[] = [];

  constructor(limits: SessionLimitOptions = {}) {
    const act = (words: string): void => void this.actions.push(words);
    this.session = new Session(
      'id',
      sessionLimits(limits),
      {
        send: (frames) => {
          if (this.broken !== undefined) throw this.broken;
          this.sent.push(...frames);
          act(`send ${frames.map(frameWords).join(' | ')}`);
          return this.writable;
        },
        takes: (bytes) => bytes <= this.room,
        dirty: () => act('dirty'),
        subscribe: (streamId, from, life) => {
          act(`subscribe ${streamId} ${from}${life === undefined ? '' : ` ${life}`}`);
          this.find(streamId);
        },
        ready: ({ streamId }) => act(`ready ${streamId}`),
        unsubscribe: ({ streamId }) => act(`unsubscribe ${streamId}`),
        repair: ({ streamId }, ranges) => act(`repair ${streamId} ${ranges.map(({ from, to }) => `${from}-${to}`)}`),
        publish: (frame) => act(frameWords(frame)),
        authenticate: (token, behind) => {
          act(`authenticate ${token}, ${behind} behind`);
          return this.looking;
        },
        cancel: (streamId, reason) => act(`cancel ${streamId} ${reason}`),
        close: (code, reason) => act(`close ${code} ${reason}`),
      },
      0,
    );
  }

  /** Does something; answers what the session did about it. */
  on(event: (session: Session) => void): string[] {
    event(this.session);
    return this.actions.splice(0);
  }

  /** Hears frames; answers what the session did about them. */
  hears(...frames: readonly (ClientFrame | BadFrame)[]): string[] {
    return this.on((session) => session.received(frames, 0));
  }

  /** Ends the turn; answers the frames that left. */
  flush(): string[] {
    return this.on((session) => session.flush())
      .filter((words) => words.startsWith('send '))
      .flatMap((words) => words.slice('send '.length).split(' | '));
  }

  /** Has a stream read, and forgets how it came to that. */
  reads(streamId: string, ch: number, { from = 0, chunks = 10, bytes = 100 } = {}): Subscription {
    this.session.received([{ t: 'subscribe', stream: streamId, from, chunks, bytes }], 0);
    const subscription = this.session.subscribed(streamId, ch, from)!;
    this.flush();
    return subscription;
  }

  /** Sends chunks for the first time; answers the frames that left. */
  delivers(subscription: Subscription, ...datas: readonly string[]): string[] {
    this.session.deliver(subscription, packParcel(subscription.ch, subscription.next, encodedTexts(...datas)));
    return this.flush();
  }
}
