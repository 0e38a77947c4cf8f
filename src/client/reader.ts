import { type Observable, type SchedulerLike, Subject, type Subscription, tap } from 'rxjs';
import { dedupe, gapTimeout, reorder, unwrap } from '../../operators/index.js';
import { type Chunk, Gap, isNotice, type Notice, type Range, type StreamError } from '../chunk/index.js';
import type { Probe } from '../probe/index.js';
import type { ReadingEvents, Window } from './reading.js';

/** What a reader needs of the connection beneath it. */
export interface ReaderPort {
  /** Everything below `next` was received in order; so many chunks and bytes of it came now. */
  received(next: number, chunks: number, bytes: number): void;
  /** Asks again for chunks that did not come. */
  request(ranges: readonly Range[]): void;
}

/** How a reader puts things right. */
export interface ReaderSettings {
  readonly window: Window;
  /** How long a missing chunk may take before it is asked for again, in milliseconds. */
  readonly gapMs: number;
  readonly onGap: 'error' | 'skip';
  readonly scheduler: SchedulerLike;
  readonly probe: Probe | undefined;
}

/**
 * A reader's way from what the connection hands up to what the consumer sees: duplicates dropped, holes asked for again,
 * chunks in order, the end as the end.
 */
export class Reader implements ReadingEvents {
  private readonly arrivals = new Subject<Chunk | Notice>();
  private readonly output = new Subject<Chunk>();
  private pipeline: Subscription | undefined;

  /** The stream's chunks, in order. Hot: subscribe before the reading begins. */
  readonly chunks: Observable<Chunk> = this.output.asObservable();

  constructor(
    private readonly port: ReaderPort,
    private readonly settings: ReaderSettings,
  ) {}

  started(start: number): void {
    const { window, gapMs, onGap, scheduler, probe } = this.settings;
    // What comes lies at most a window of chunks, and its bytes, beyond the first one missing: nothing here can overflow.
    const places = 2 ** Math.ceil(Math.log2(window.chunks));
    const report = probe === undefined ? {} : { probe };
    this.pipeline?.unsubscribe();
    this.pipeline = this.arrivals
      .pipe(
        dedupe({ window: places, ...report }),
        gapTimeout({
          start,
          timeoutMs: gapMs,
          action: 'repair',
          request: (ranges) => this.port.request(ranges),
          retries: Infinity,
          maxMissing: Infinity,
          scheduler,
          ...report,
        }),
        reorder({ start, window: places, maxBytes: Infinity, ...report }),
        tap((item) => this.note(item)),
        unwrap({ onGap }),
      )
      .subscribe(this.output);
  }

  snapshot(chunk: Chunk): void {
    this.output.next(chunk);
  }

  private note(item: Chunk | Notice): void {
    if (item instanceof Gap) this.port.received(item.to, 0, 0);
    else if (!isNotice(item)) this.port.received(item.seq + 1, 1, item.size);
  }

  items(items: readonly (Chunk | Notice)[]): void {
    for (const item of items) this.arrivals.next(item);
  }

  failed(error: StreamError): void {
    // What waits for a missing chunk will not get it any more.
    this.stop();
    this.output.error(error);
  }

  stop(): void {
    this.pipeline?.unsubscribe();
  }
}
