import { Code, ConnectError } from '@connectrpc/connect';
import type { SchedulerLike, Subscription } from 'rxjs';
import type { EncodedChunk } from '../../chunk/index.js';
import type { Share } from '../../flow/room.js';
import { type ClientFrame, closeCodes, type OutgoingFrame, type ServerFrame } from '../../protocol/index.js';
import type { Link, LinkAcceptor, Peer, ServerLinkEvents } from '../transport.js';
import { callError, closeError } from './failure.js';

/** @internal What a call needs of its surroundings. */
export interface CallSurroundings {
  readonly acceptor: LinkAcceptor;
  readonly peer: Peer;
  readonly scheduler: SchedulerLike;
  /** The caller has left, or his time is over. */
  readonly signal: AbortSignal;
  /** What it shares with other calls over the same connection. */
  readonly share: Share;
}

/** @internal What a call tells of its session. */
export interface CallEvents {
  /** The session said something. */
  frame(frame: ServerFrame<EncodedChunk>): void;
  /** There is no more to come. Once. */
  failed(error: ConnectError): void;
}

/** @internal One call as a link: what a client of the protocol would say is said for it, and nothing outlives the call. */
export class Call implements Link {
  /** Always: what is on its way is bounded by credit, which only the caller gives back. */
  readonly writable = true;

  private readonly session: ServerLinkEvents;
  private readonly signal: AbortSignal;
  private readonly scheduler: SchedulerLike;
  private readonly share: Share;
  private beating: Subscription | undefined;
  private goodbyeMs: number | undefined;
  private over = false;

  constructor(
    { acceptor, peer, scheduler, signal, share }: CallSurroundings,
    private readonly events: CallEvents,
  ) {
    this.scheduler = scheduler;
    this.signal = signal;
    signal.addEventListener('abort', this.abandoned);
    this.share = share;
    share.onTurn(() => this.session.drained());
    this.session = acceptor.accept(this, peer);
    if (signal.aborted) this.abandoned();
  }

  /** Says something to the session. */
  say(frame: ClientFrame): void {
    if (!this.over) this.session.frames([frame]);
  }

  /** The call is answered, or nobody waits for it any more. */
  leave(): void {
    if (!this.end()) return;
    this.session.closed(closeCodes.normal, 'the call is over');
  }

  takes(bytes: number): boolean {
    return this.share.takes(bytes);
  }

  send(frames: readonly OutgoingFrame[]): void {
    for (const frame of frames) if (!this.over) this.hear(frame as ServerFrame<EncodedChunk>);
  }

  private hear(frame: ServerFrame<EncodedChunk>): void {
    if (frame.t === 'welcome') return this.beat(frame.pingMs);
    if (frame.t === 'goodbye') this.goodbyeMs = frame.retryMs;
    else if (frame.t === 'error') this.fail(callError(frame.code, frame.message, frame));
    else this.events.frame(frame);
  }

  /** The session expects a sign of life this often, and a caller gives none. */
  private beat(pingMs: number): void {
    this.beating = this.scheduler.schedule(() => {
      this.say({ t: 'ping', grants: [] });
      if (!this.over) this.beat(pingMs);
    }, pingMs);
  }

  close(code: number, reason: string): void {
    if (!this.end()) return;
    this.events.failed(closeError(code, reason, this.goodbyeMs));
    queueMicrotask(() => this.session.closed(code, reason));
  }

  /** The session has refused what the call is about. */
  private fail(error: ConnectError): void {
    this.end();
    this.events.failed(error);
    queueMicrotask(() => this.session.closed(closeCodes.normal, error.rawMessage));
  }

  private readonly abandoned = (): void => {
    if (!this.end()) return;
    this.events.failed(timeUp(this.signal) ?? callError('connection-lost', 'the caller has left'));
    if (this.share.vanished) this.session.closed(closeCodes['idle-timeout'], 'nothing was heard over its connection');
    else this.session.closed(closeCodes.lost, 'the caller has left');
  };

  /** Answers whether this was the end. */
  private end(): boolean {
    if (this.over) return false;
    this.over = true;
    this.beating?.unsubscribe();
    this.signal.removeEventListener('abort', this.abandoned);
    return true;
  }
}

/** The error of a call whose caller gave it a time that is over: nobody else should try it in his place. */
function timeUp({ reason }: AbortSignal): ConnectError | undefined {
  return reason instanceof ConnectError && reason.code === Code.DeadlineExceeded ? reason : undefined;
}
