import type { IncomingMessage, ServerResponse } from 'node:http';
import { asyncScheduler, type SchedulerLike } from 'rxjs';
import { checkBound } from '../chunk/index.js';
import type { GatewayState } from '../gateway/index.js';
import type { Log } from '../log/log.js';
import { isReachable } from '../telemetry/is-reachable.js';
import { type Door, pathOf } from './door.js';
import { isReadOnly, sendText } from './is-read-only.js';

/** @internal Options of {@link healthDoor}. */
export interface HealthDoorOptions {
  readonly log: Pick<Log, 'info'>;
  /** Whether the server takes connections. */
  readonly state: () => GatewayState;
  /** How long the log may take to answer. Default 2 000. */
  readonly timeoutMs?: number;
  /** Default `asyncScheduler`. */
  readonly scheduler?: SchedulerLike;
}

const paths: ReadonlySet<string> = new Set(['/healthz', '/readyz']);
const contentType = 'application/json; charset=utf-8';
/** A stream that is never there: asking for it costs a log least. */
const nothing = 'sluice/server/ready';

/**
 * @internal The door for those who watch the server: `/healthz` says that it lives, `/readyz` whether it wants to be sent anybody:
 * its log answers, and it neither drains nor is cut off. However many ask at the same time, the log is asked once.
 */
export function healthDoor(options: HealthDoorOptions): Door {
  const readiness = new Readiness(options);
  return {
    // Whoever watches over processes bears no credentials.
    isOpen: (request) => paths.has(pathOf(request)),
    handle: (request, response) => {
      const path = pathOf(request);
      if (!paths.has(path)) return false;
      if (!isReadOnly(request, response)) return true;
      if (path === '/healthz') {
        sendText(request, response, JSON.stringify({ status: 'alive' }), contentType);
        return true;
      }
      void readiness.tell(request, response);
      return true;
    },
  };
}

/** What `/readyz` says. */
interface Found {
  readonly status: 'ready' | 'not-ready';
  readonly gateway: GatewayState;
  readonly log: 'reachable' | 'unreachable';
}

class Readiness {
  private readonly timeoutMs: number;
  private readonly scheduler: SchedulerLike;
  private asking: Promise<boolean> | undefined;

  constructor(private readonly options: HealthDoorOptions) {
    this.timeoutMs = checkBound('timeoutMs', options.timeoutMs ?? 2000);
    this.scheduler = options.scheduler ?? asyncScheduler;
  }

  /** Never rejects. */
  async tell(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const found = await this.check();
    sendText(request, response, JSON.stringify(found), contentType, found.status === 'ready' ? 200 : 503);
  }

  private async check(): Promise<Found> {
    this.asking ??= this.ask().finally(() => (this.asking = undefined));
    const isUp = await this.asking;
    const gateway = this.options.state();
    const status = isUp && gateway === 'open' ? 'ready' : 'not-ready';
    return { status, gateway, log: isUp ? 'reachable' : 'unreachable' };
  }

  private ask(): Promise<boolean> {
    return isReachable(async () => void (await this.options.log.info(nothing)), this.timeoutMs, this.scheduler);
  }
}
