import { type Context, ROOT_CONTEXT, type SpanContext, SpanKind, trace, type Tracer } from '@opentelemetry/api';
import type { Subscription } from 'rxjs';
import { checkBound, type EncodedChunk } from '../chunk/index.js';
import type { Gateway } from '../gateway/index.js';
import type { Appended, AppendOptions, Log, MaybePromise } from '../log/log.js';
import { wrapLog } from '../streams/wrap-log.js';
import { contextOfChunk } from './trace-context.js';
import { attributesOf, failSpan } from './traced.js';

/**
 * The server's part of a trace: `sluice.durable` while the log keeps what was appended, and `sluice.deliver` until the first reader
 * has it. Only what carries a trace has spans: where none begins, nothing is added.
 *
 * @internal
 */
export class Tracing {
  /** When what a span appended was kept, by its id. */
  private readonly keptAt = new Map<string, number>();
  private readonly delivered = new Set<string>();

  /**
   * @param maxTraces - traces whose chunks were kept and nobody had yet, and as many that somebody had
   * @param now - milliseconds since the epoch, with fractions
   */
  constructor(
    private readonly tracer: Tracer,
    private readonly maxTraces = 10_000,
    private readonly now = (): number => performance.timeOrigin + performance.now(),
  ) {
    checkBound('maxTraces', maxTraces);
  }

  /** A log whose appends are traced. */
  log(log: Log): Log {
    return wrapLog(log, {
      append: (streamId, batch, options) => this.append(log, streamId, batch, options),
    });
  }

  private append(
    log: Log,
    streamId: string,
    batch: readonly EncodedChunk[],
    options?: AppendOptions,
  ): MaybePromise<Appended> {
    const [parent, ...others] = batch.flatMap((chunk) => contextOfChunk(chunk) ?? []);
    if (parent === undefined) return log.append(streamId, batch, options);
    const attributes = attributesOf('durable', streamId, batch.length);
    const links = others.map((context) => ({ context }));
    const span = this.tracer.startSpan('sluice.durable', { attributes, links }, within(parent));
    const kept = (appended: Appended): Appended => {
      span.setAttribute('sluice.duplicates', appended.duplicates);
      span.end();
      for (const { spanId } of [parent, ...others]) this.note(spanId);
      return appended;
    };
    const failed = (error: unknown): never => {
      failSpan(span, error);
      throw error;
    };
    try {
      const appended = log.append(streamId, batch, options);
      return appended instanceof Promise ? appended.then(kept, failed) : kept(appended);
    } catch (error) {
      return failed(error);
    }
  }

  private note(spanId: string): void {
    forgetOldest(this.keptAt, this.maxTraces);
    this.keptAt.set(spanId, this.now());
  }

  /** Follows what a gateway delivers. */
  deliveries(gateway: Pick<Gateway, 'events'>): Subscription {
    return gateway.events.subscribe((event) => {
      if (event.type !== 'gateway.delivered') return;
      for (const chunk of event.frame.chunks) {
        const parent = contextOfChunk(chunk);
        if (parent !== undefined) this.deliver(event.streamId, parent);
      }
    });
  }

  private deliver(streamId: string, parent: SpanContext): void {
    const { spanId } = parent;
    if (this.delivered.has(spanId)) return;
    forgetOldest(this.delivered, this.maxTraces);
    this.delivered.add(spanId);
    const now = this.now();
    // What another process kept was kept at a time only that one knows.
    const startTime = this.keptAt.get(spanId) ?? now;
    this.keptAt.delete(spanId);
    const attributes = attributesOf('deliver', streamId, 1);
    this.tracer
      .startSpan('sluice.deliver', { kind: SpanKind.CONSUMER, attributes, startTime }, within(parent))
      .end(Math.max(now, startTime));
  }
}

function within(parent: SpanContext): Context {
  return trace.setSpanContext(ROOT_CONTEXT, parent);
}

/** Makes room for one more. */
function forgetOldest(entries: Map<string, unknown> | Set<string>, most: number): void {
  if (entries.size < most) return;
  const [oldest] = entries.keys();
  entries.delete(oldest!);
}
