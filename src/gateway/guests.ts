import type { SchedulerLike, Subscription as Teardown } from 'rxjs';
import type { Asking, Authenticate, Principal } from '../auth/auth.js';
import { budgetKey } from '../auth/budget-key.js';
import { checkBound, StreamError, toStreamError } from '../chunk/index.js';
import { attempt, type MaybePromise, whenReady } from '../log/log.js';
import type { RefusalReason } from '../probe/index.js';
import { type CloseName, maxBehindAuth } from '../protocol/index.js';
import { Deadlines } from '../streams/deadlines.js';
import type { Peer } from '../transport/transport.js';
import { Guest, type House } from './guest.js';
import type { Session } from './session.js';

/** Options of {@link Guests}. */
export interface GuestsOptions extends House {
  /** Says who bears a token that a client shows. */
  readonly authenticate?: Authenticate | undefined;
  /** How long a client may take to say who it is, in milliseconds. Default 10 000. */
  readonly authMs?: number | undefined;
  /** Clients at the same time that have not said yet who they are. Default 1 000. */
  readonly maxUnknown?: number | undefined;
  readonly scheduler: SchedulerLike;
}

/** @internal Who is here, and until when. */
export class Guests {
  private readonly due = new Deadlines<Guest>();
  private readonly sessions = new Map<Guest, Session>();
  private readonly authMs: number;
  private readonly maxUnknown: number;
  private unknown = 0;
  private timer: Teardown | undefined;
  /** When the timer rings. Perhaps for nobody: who comes is first again and again, and is not worth another timer each time. */
  private ringsAt = Infinity;

  constructor(private readonly options: GuestsOptions) {
    this.authMs = checkBound('authMs', options.authMs ?? 10_000);
    this.maxUnknown = checkBound('maxUnknown', options.maxUnknown ?? 1000);
  }

  /** Somebody comes. Answers with an error when there is no place for him. */
  enter(peer: Peer, cut: (error: StreamError) => void): Guest | StreamError {
    const { principal } = peer;
    const guest = new Guest(this.options, principal, this.keyOf(peer), cut);
    const waits = principal === undefined && this.options.authenticate !== undefined;
    // Where others have to be asked whether there is a place, he sits down until they answer.
    if ((waits && this.unknown >= this.maxUnknown) || guest.enter() === false) {
      this.options.refusals?.count('connections');
      const message = waits
        ? 'too many clients have not said who they are'
        : 'there are as many connections as there may be';
      return new StreamError('limit-reached', message, { retryAfterMs: 1000 });
    }
    if (waits) this.unknown++;
    return guest;
  }

  /** Whoever can say who he is, is counted by that; and where nobody is asked, by where he comes from. */
  private keyOf({ principal, address }: Peer): string | undefined {
    if (principal === undefined && this.options.authenticate !== undefined) return undefined;
    return budgetKey(principal, address);
  }

  /** He has a session. */
  seat(guest: Guest, session: Session): void {
    this.sessions.set(guest, session);
    void whenReady(guest.admitted, (taken) => {
      if (!taken && this.sessions.has(guest)) this.refuseMore(session);
    });
    const { principal } = guest;
    if (principal !== undefined) this.appoint(guest, principal.expiresAt ?? Infinity);
    else if (this.options.authenticate !== undefined) this.appoint(guest, this.options.scheduler.now() + this.authMs);
  }

  /** He has gone. */
  leave(guest: Guest): void {
    if (guest.principal === undefined && this.options.authenticate !== undefined) this.unknown--;
    this.sessions.delete(guest);
    this.appoint(guest, Infinity);
    guest.leave();
  }

  private appoint(guest: Guest, dueAt: number): void {
    const known = guest.dueAt < Infinity;
    guest.dueAt = dueAt;
    if (known && dueAt < Infinity) this.due.moved(guest);
    else if (known) this.due.delete(guest);
    else if (dueAt < Infinity) this.due.add(guest);
    if (dueAt < this.ringsAt) this.arm();
  }

  private arm(): void {
    this.timer?.unsubscribe();
    this.ringsAt = Infinity;
    const { first } = this.due;
    if (first === undefined) return;
    const { scheduler } = this.options;
    const now = scheduler.now();
    // Timers take less than 2^31 ms; whoever is due later is looked at again.
    const wait = Math.min(Math.max(0, first.dueAt - now), 2 ** 30);
    this.ringsAt = now + wait;
    this.timer = scheduler.schedule(() => this.look(), wait);
  }

  private look(): void {
    this.ringsAt = Infinity;
    const now = this.options.scheduler.now();
    for (let { first } = this.due; first !== undefined && first.dueAt <= now; { first } = this.due) {
      this.appoint(first, Infinity);
      this.over(first, this.sessions.get(first)!);
    }
    this.arm();
  }

  private over(guest: Guest, session: Session): void {
    if (guest.principal !== undefined) return this.end(session, 'expired', 'the time of the credentials is over');
    // What everybody may read may be read by somebody unknown.
    if (session.reads) return;
    this.end(session, 'unauthenticated', `nobody said who this is within ${this.authMs} ms`);
  }

  private end(session: Session, code: 'unauthenticated' | 'expired', message: string): void {
    this.turnAway(session, code, new StreamError(code, message), code);
  }

  private turnAway(session: Session, reason: RefusalReason, error: StreamError, close: CloseName): void {
    this.options.refusals?.count(reason);
    session.refuse(error);
    session.close(close, error.message);
  }

  /**
   * A client shows a token, with so many frames behind it in the same message. Answers whether these wait until it is known whose
   * the token is: those of somebody known already do not.
   */
  authenticate(guest: Guest, session: Session, asking: Asking, behind: number): boolean {
    const { authenticate } = this.options;
    if (authenticate === undefined) session.authenticated(undefined);
    else if (guest.asking) session.refuse(new StreamError('frame-unexpected', 'a token is being looked at already'));
    else if (guest.principal === undefined && behind > maxBehindAuth) this.refuseFlood(session);
    else {
      this.ask(authenticate, guest, session, asking);
      return guest.asking && guest.principal === undefined;
    }
    return false;
  }

  private ask(authenticate: Authenticate, guest: Guest, session: Session, asking: Asking): void {
    guest.asking = true;
    attempt(
      () =>
        whenReady(authenticate(asking), (principal) =>
          whenReady(this.sessions.has(guest) ? this.admit(guest, session, principal) : undefined, () => {
            guest.asking = false;
            session.proceed();
          }),
        ),
      (error) => {
        guest.asking = false;
        if (this.sessions.has(guest)) this.refuse(session, toStreamError(error, 'internal'));
      },
    );
  }

  private refuseFlood(session: Session): void {
    const error = new StreamError('limit-reached', `more than ${maxBehindAuth} frames are behind a token`);
    this.turnAway(session, 'frame', error, 'limit-reached');
  }

  private refuse(session: Session, error: StreamError): void {
    const { code } = error;
    if (code === 'unauthenticated' || code === 'expired') return this.end(session, code, error.message);
    if (code === 'rate-limited') return this.turnAway(session, 'rate', error, 'limit-reached');
    session.refuse(error);
    session.close('unavailable', 'it cannot be found out who this is');
  }

  private admit(guest: Guest, session: Session, principal: Principal | undefined): MaybePromise<void> {
    if (principal === undefined) return this.end(session, 'unauthenticated', 'the token is of no kind that is known');
    const before = guest.principal;
    if (before !== undefined && before.id !== principal.id) {
      this.options.refusals?.count('forbidden');
      return session.close('forbidden', 'the token is of somebody else');
    }
    return whenReady(guest.known(principal), (taken) => {
      // He has gone while others were asked.
      if (!this.sessions.has(guest)) return guest.leave();
      if (!taken) return this.refuseMore(session);
      if (before === undefined) this.unknown--;
      const { expiresAt } = principal;
      this.appoint(guest, expiresAt ?? Infinity);
      session.authenticated(expiresAt === undefined ? undefined : expiresAt - this.options.scheduler.now());
      if (before !== undefined) this.recheck(guest, session);
    });
  }

  private refuseMore(session: Session): void {
    const message = 'there are as many connections as these credentials may have';
    const error = new StreamError('limit-reached', message, { retryAfterMs: 1000 });
    this.turnAway(session, 'connections', error, 'limit-reached');
  }

  /** What new credentials are not good for ends. */
  private recheck(guest: Guest, session: Session): void {
    for (const subscription of [...session.subscriptions]) {
      attempt(
        () => guest.recheck(subscription.streamId),
        (error) => session.drop(subscription, toStreamError(error, 'internal')),
      );
    }
  }

  dispose(): void {
    this.timer?.unsubscribe();
  }
}
