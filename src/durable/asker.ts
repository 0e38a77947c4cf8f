import { type Action, ownerKey, type Principal } from '../auth/auth.js';
import type { StreamInfo } from '../chunk/index.js';
import { type MaybePromise, whenReady } from '../log/log.js';
import type { Access } from '../streams/index.js';

/** @internal Who asks: what he may is asked at the moment it is done, about the stream as it is then. */
export class Asker {
  constructor(
    private readonly access: Access | undefined,
    private readonly principal: Principal | undefined,
  ) {}

  /** Whether he may do something with a stream; without `info`, with one that is not there. */
  check(action: Action, name: string, info: StreamInfo | undefined): MaybePromise<void> {
    return this.access?.check(this.principal, action, name, info);
  }

  /** Whether he may create a stream. Answers whose it is to be: `''` for nobody's. */
  checkCreate(name: string): MaybePromise<string> {
    return whenReady(this.access?.checkCreate(this.principal, name), (owned) => owned?.[ownerKey] ?? '');
  }
}
