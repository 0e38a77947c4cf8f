import type { ConnectError } from '@connectrpc/connect';
import { VirtualTimeScheduler } from 'rxjs';
import { shareOf } from '../../../src/flow/room.js';
import type { ClientFrame } from '../../../src/protocol/index.js';
import type { Link } from '../../../src/transport/transport.js';
import { Call, type CallSurroundings } from '../../../src/transport/connect/call.js';

/** Where a call meets a session that a test plays. */
export class SessionStage {
  readonly scheduler = new VirtualTimeScheduler(undefined, 0);
  readonly said: ClientFrame[] = [];
  readonly ends: string[] = [];
  link!: Link;

  constructor(
    readonly abort = new AbortController(),
    private readonly accepted: (link: Link) => void = () => {},
  ) {}

  get surroundings(): CallSurroundings {
    return {
      acceptor: {
        accept: (link) => {
          this.link = link;
          this.accepted(link);
          return {
            frames: (frames) => void this.said.push(...(frames as ClientFrame[])),
            drained: () => {},
            closed: (code, reason) => void this.ends.push(`${code} ${reason}`),
          };
        },
      },
      peer: { transport: 'test' },
      scheduler: this.scheduler,
      signal: this.abort.signal,
      share: shareOf({}),
    };
  }

  welcome(pingMs: number): void {
    const window = { chunks: 1, bytes: 1 };
    this.link.send([{ t: 'welcome', protocol: 'sluice.v1', session: 'a', maxFrame: 1024, pingMs, window }]);
  }

  pass(ms: number): void {
    this.scheduler.maxFrames += ms;
    this.scheduler.flush();
    this.scheduler.frame = this.scheduler.maxFrames;
  }
}

/** A call, and what it tells. */
export class CallStage extends SessionStage {
  readonly frames: unknown[] = [];
  readonly failures: ConnectError[] = [];
  readonly call: Call;

  constructor(abort?: AbortController, accepted?: (link: Link) => void) {
    super(abort, accepted);
    this.call = new Call(this.surroundings, {
      frame: (frame) => this.frames.push(frame),
      failed: (error) => this.failures.push(error),
    });
  }
}
