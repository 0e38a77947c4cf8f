import { lastValueFrom, retry, takeWhile, toArray } from 'rxjs';
import { createMemoryLog } from 'sluice/log/memory';
import type { Log } from 'sluice/log';
import { createHeir, createRuns, type Pipeline } from 'sluice/run';
import { createReaper, createStreams } from 'sluice/streams';
import { afterEach } from 'vitest';

export const longMs = 1_000_000;
const ends: (() => void)[] = [];
afterEach(() => {
  for (const end of ends.splice(0)) end();
});

type Any = Pipeline<never, unknown, unknown>;

/** One log, and processes that share it; leases are longer than any test may take. */
export function leaveStage(more: Partial<Log> = {}) {
  const log = createMemoryLog();
  const shared = new Proxy(log as Log, {
    get: (target, name) => {
      const own = more[name as keyof Log] ?? target[name as keyof Log];
      return typeof own === 'function' ? (own as () => unknown).bind(target) : own;
    },
  });
  const streams = createStreams({ log: shared });
  const process = () => createRuns({ streams, leaseMs: longMs });
  /** A process that takes up what others leave. */
  const heir = (...pipelines: readonly unknown[]) => {
    const taker = createHeir({ streams, runs: process(), pipelines: pipelines as Any[] });
    const reaper = createReaper(streams, { lapsed: taker.lapsed });
    ends.push(() => reaper.dispose());
  };
  /** All that a run tells, up to an event of some kind, if it is not its end. */
  const told = async (executionId: string, upTo = /pipeline_(?:complete|error|cancelled)/) => {
    const events = process().events(executionId);
    const found = await lastValueFrom(
      events.pipe(
        // Who starts it in another process is not heard of here before it is in the log.
        retry({ delay: 5 }),
        takeWhile(({ event_type: type }) => !upTo.test(type), true),
        toArray(),
      ),
    );
    return found.map(({ event_type: type, step_id: step, data }) =>
      [type, step, 'attempt' in data && step !== null ? `#${data.attempt}` : ''].filter(Boolean).join(' '),
    );
  };
  const leasesSaid = async () => {
    const said: unknown[] = [];
    const { next } = (await streams.info('sluice/leases'))!;
    for await (const { data } of streams.read('sluice/leases')) {
      if (said.push((data as { state: string }).state) === next) break;
    }
    return said;
  };
  return { streams, process, heir, told, leasesSaid };
}

/** What a test opens by hand. */
export function gate() {
  let open!: () => void;
  const passed = new Promise<void>((resolve) => (open = resolve));
  return { open, passed };
}

export async function read(pieces: AsyncIterable<string>): Promise<string> {
  let all = '';
  for await (const piece of pieces) all += piece;
  return all;
}

export const hang = (): Promise<never> => new Promise(() => {});

/** A log with its methods as properties. */
export function bound(log: Log): Partial<Log> {
  const names = ['create', 'append', 'read', 'watch', 'info', 'trim', 'delete', 'list'] as const;
  return Object.fromEntries(names.map((name) => [name, (log[name] as () => unknown).bind(log)]));
}
