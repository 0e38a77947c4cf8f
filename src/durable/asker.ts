import { type Action, ownerKey, type Principal } from '../auth/auth.js';
import { StreamError, type StreamInfo } from '../chunk/index.js';
import { type MaybePromise, whenReady } from '../log/log.js';
import type { Access } from '../streams/index.js';

/** @internal Who asks: what he may is asked at the moment it is done, about the stream as it is then. */
export class Asker {
  constructor(
    private readonly access: Access | undefined,
    private readonly principal: Principal | undefined,
    private readonly now: () => number,
  ) {}

  /** For how long he is still known, in milliseconds. */
  get restMs(): number {
    const expiresAt = this.principal?.expiresAt;
    return expiresAt === undefined ? Infinity : Math.max(0, expiresAt - this.now());
  }

  /** Whether he may do something with a stream; without `info`, with one that is not there. */
  check(action: Action, name: string, info: StreamInfo | undefined): MaybePromise<void> {
    this.checkTime();
    return this.access?.check(this.principal, action, name, info);
  }

  /** Whether he may create a stream. Answers whose it is to be: `''` for nobody's. */
  checkCreate(name: string): MaybePromise<string> {
    this.checkTime();
    return whenReady(this.access?.checkCreate(this.principal, name), (owned) => owned?.[ownerKey] ?? '');
  }

  /** It may have gone by while a body came. */
  private checkTime(): void {
    if (this.restMs === 0) throw new StreamError('expired', 'the time of the credentials is over');
  }
}
