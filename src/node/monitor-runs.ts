import type { StreamInfo } from '../chunk/index.js';
import type { RunState } from '../monitor/state.js';
import { runOf } from '../run/names.js';
import type { Streams } from '../streams/index.js';

/** Most runs that are looked at in one go: the others have their turn next time. */
const maxLooks = 200;

const ends: Readonly<Record<string, RunState>> = {
  pipeline_complete: 'completed',
  pipeline_error: 'failed',
  pipeline_cancelled: 'cancelled',
  step_waiting: 'waiting',
};

/** @internal How the runs in a list of streams stand: their last event says it, and is read when there is a new one. */
export class MonitorRuns {
  private readonly known = new Map<string, { readonly next: number; readonly state: RunState }>();

  constructor(private readonly streams: Pick<Streams, 'read'>) {}

  /** Looks at the runs that have changed. */
  async look(list: readonly StreamInfo[]): Promise<ReadonlyMap<string, RunState>> {
    const runs = list.filter(({ streamId }) => runOf(streamId) !== undefined);
    const changed = runs.filter(({ streamId, next }) => this.known.get(streamId)?.next !== next);
    await Promise.all(changed.slice(0, maxLooks).map((info) => this.lookAt(info)));
    const there = new Set(runs.map(({ streamId }) => streamId));
    for (const id of this.known.keys()) if (!there.has(id)) this.known.delete(id);
    return new Map(runs.map((info) => [info.streamId, this.stateOf(info)]));
  }

  private async lookAt({ streamId, first, next }: StreamInfo): Promise<void> {
    const state = next > first ? await this.last(streamId, next - 1) : undefined;
    this.known.set(streamId, { next, state: state ?? 'running' });
  }

  private async last(streamId: string, seq: number): Promise<RunState | undefined> {
    try {
      for await (const { data } of this.streams.read(streamId, { from: seq })) {
        return ends[String((data as { event_type?: unknown } | null)?.event_type)];
      }
    } catch {
      // It is gone meanwhile, or cannot be read: the list says as much.
    }
    return undefined;
  }

  private stateOf({ streamId, status }: StreamInfo): RunState {
    const state = this.known.get(streamId)?.state ?? 'running';
    return status !== 'active' && (state === 'running' || state === 'waiting') ? 'lost' : state;
  }
}
