import { type Action, type Authorize, ownerKey, type Principal } from '../auth/auth.js';
import type { Quotas } from '../auth/quotas.js';
import { StreamError, type StreamInfo } from '../chunk/index.js';
import { type MaybePromise, orElse, whenReady } from '../log/log.js';
import type { Refusals } from '../probe/index.js';
import { leases } from './lease.js';
import { notFound } from './reader.js';
import type { Streams } from './streams.js';

/** Who may do what with streams: one for all doors. */
export interface Access {
  /**
   * Whether somebody may do something with a stream; `''` where it is about none. `undefined` is somebody unknown.
   *
   * @param info - what is known of the stream. Default: it is looked up where that matters
   */
  may(principal: Principal | undefined, action: Action, streamId: string, info?: StreamInfo): MaybePromise<boolean>;

  /** The same, where anything but yes is an error: `unauthenticated` for who is unknown, `forbidden` for who is known. */
  check(principal: Principal | undefined, action: Action, streamId: string, info?: StreamInfo): MaybePromise<void>;

  /**
   * The same, for a stream that must be there. Answers which of all that ever had its name this is said of, see
   * {@link StreamInfo.life}: the next may be somebody else's.
   */
  permit(principal: Principal | undefined, action: Action, streamId: string): MaybePromise<string>;

  /**
   * Whether somebody may write to a stream: where it is not there he must be allowed to create it, and it is created as his. Answers
   * as {@link Access.permit}; `undefined` where there may be none yet, and where it does not matter.
   */
  checkPublish(principal: Principal | undefined, streamId: string): MaybePromise<string | undefined>;

  /** Whether somebody may create a stream that is not there. Answers with what belongs into its metadata. */
  checkCreate(principal: Principal | undefined, streamId: string): MaybePromise<Owned>;

  /** Those among streams that somebody may read. */
  visible(principal: Principal | undefined, list: readonly StreamInfo[]): MaybePromise<readonly StreamInfo[]>;
}

/** Metadata that says whose a stream is. */
export type Owned = Readonly<Record<typeof ownerKey, string>>;

/** Options of {@link createAccess}. */
export interface AccessOptions {
  readonly streams: Pick<Streams, 'info' | 'create'>;
  readonly authorize: Authorize;
  /** How many streams each may create. */
  readonly quotas?: Pick<Quotas, 'spend'>;
  /** Counts who was turned away. */
  readonly refusals?: Pick<Refusals, 'count'>;
}

/**
 * Makes what asks `authorize`, and knows whose streams are: who created them, which is in their metadata. What belongs to a run
 * is whose the run is.
 *
 * @example
 * const access = createAccess({ streams, authorize: ownersAndScopes });
 * const gateway = createGateway({ streams, access, authenticate });
 */
export function createAccess(options: AccessOptions): Access {
  return new StreamAccess(options);
}

class StreamAccess implements Access {
  constructor(private readonly options: AccessOptions) {}

  may(principal: Principal | undefined, action: Action, streamId: string, info?: StreamInfo): MaybePromise<boolean> {
    return this.options.authorize(principal, action, streamId, () => this.ownerOf(streamId, info));
  }

  private ownerOf(streamId: string, info?: StreamInfo): MaybePromise<string | undefined> {
    if (streamId === '') return undefined;
    const root = rootOf(streamId);
    if (info !== undefined && root === streamId) return ownerIn(info);
    return whenReady(this.options.streams.info(root), ownerIn);
  }

  check(principal: Principal | undefined, action: Action, streamId: string, info?: StreamInfo): MaybePromise<void> {
    return whenReady(this.may(principal, action, streamId, info), (allowed) => {
      if (!allowed) throw this.refusal(principal, action, streamId);
    });
  }

  private refusal(principal: Principal | undefined, action: Action, streamId: string): StreamError {
    const about = streamId === '' ? {} : { streamId };
    const code = principal === undefined ? 'unauthenticated' : 'forbidden';
    this.options.refusals?.count(code);
    const where = streamId === '' ? '' : ` "${streamId}"`;
    if (principal === undefined) return new StreamError(code, `to ${action}${where}, say who you are`, about);
    return new StreamError(code, `these credentials are not good for this: ${action}${where}`, about);
  }

  permit(principal: Principal | undefined, action: Action, streamId: string): MaybePromise<string> {
    // Looked up first: should it be removed and made anew before this is decided, the answer holds for neither.
    return whenReady(this.options.streams.info(streamId), (info) =>
      whenReady(this.check(principal, action, streamId, info), () => {
        if (info === undefined) throw notFound(streamId);
        return info.life;
      }),
    );
  }

  checkPublish(principal: Principal | undefined, streamId: string): MaybePromise<string | undefined> {
    // What is said there is about other streams, and is looked at one by one.
    if (streamId === leases) {
      const known = principal === undefined ? this.check(principal, 'publish', streamId) : undefined;
      return whenReady(known, () => undefined);
    }
    return whenReady(this.options.streams.info(streamId), (info) => {
      if (info === undefined && rootOf(streamId) === streamId) return this.createFor(principal, streamId);
      return whenReady(this.check(principal, 'publish', streamId, info), () => info?.life);
    });
  }

  private createFor(principal: Principal | undefined, streamId: string): MaybePromise<string> {
    const { streams } = this.options;
    return whenReady(this.checkNew(principal, streamId, 'publish'), (metadata) => {
      const created = orElse(
        () => streams.create(streamId, { metadata }),
        (error) => {
          // Somebody else has created it meanwhile: then it is whose it is.
          if (!(error instanceof StreamError) || error.code !== 'stream-exists') throw error;
        },
      );
      return whenReady(created, () => this.permit(principal, 'publish', streamId));
    });
  }

  /** Whether somebody may create what is not there, and then do something with it. */
  private checkNew(principal: Principal | undefined, streamId: string, then?: Action): MaybePromise<Owned> {
    const { authorize } = this.options;
    return whenReady(authorize(principal, 'create', streamId, nobody), (mayCreate) => {
      if (!mayCreate || principal === undefined) throw this.refusal(principal, 'create', streamId);
      const mayGoOn = then === undefined || authorize(principal, then, streamId, () => principal.id);
      return whenReady(mayGoOn, (allowed) => {
        if (!allowed) throw this.refusal(principal, then!, streamId);
        return whenReady(this.count(principal, streamId), () => ({ [ownerKey]: principal.id }));
      });
    });
  }

  /** One stream more of somebody. */
  private count({ id }: Principal, streamId: string): MaybePromise<void> {
    return whenReady(this.options.quotas?.spend(id, 'streams', 1), (retryAfterMs) => {
      if (retryAfterMs === undefined) return;
      this.options.refusals?.count('streams');
      const message = 'these credentials create as many streams as they may';
      throw new StreamError('rate-limited', message, { streamId, retryAfterMs });
    });
  }

  checkCreate(principal: Principal | undefined, streamId: string): MaybePromise<Owned> {
    return this.checkNew(principal, streamId);
  }

  visible(principal: Principal | undefined, list: readonly StreamInfo[]): MaybePromise<readonly StreamInfo[]> {
    const owners = new Map(list.map((info) => [info.streamId, info]));
    const seen = list.map(({ streamId }) => {
      const root = rootOf(streamId);
      const info = owners.get(root);
      // Nearly always it is in the list: then nothing has to be looked up.
      const owner = info === undefined ? () => this.ownerOf(root) : () => ownerIn(info);
      return this.options.authorize(principal, 'read', streamId, owner);
    });
    const keep = (allowed: readonly boolean[]): readonly StreamInfo[] => list.filter((_, at) => allowed[at]);
    if (seen.every((each) => typeof each === 'boolean')) return keep(seen);
    return Promise.all(seen.map(async (each) => await each)).then(keep);
  }
}

const nobody = (): undefined => undefined;
const runs = 'runs/';

/** The stream that says whose a stream is: of all that belong to a run, that of its events. */
function rootOf(streamId: string): string {
  const end = streamId.startsWith(runs) ? streamId.indexOf('/', runs.length) : -1;
  return end < 0 ? streamId : streamId.slice(0, end);
}

function ownerIn(info: StreamInfo | undefined): string | undefined {
  const owner = info?.metadata?.[ownerKey];
  return typeof owner === 'string' && owner !== '' ? owner : undefined;
}
