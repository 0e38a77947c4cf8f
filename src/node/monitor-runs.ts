import type { StreamInfo } from '../chunk/index.js';
import type { RunState } from '../monitor/state.js';
import { runOf } from '../run/names.js';
import type { Streams } from '../streams/index.js';

/** Most runs that are looked at in one go: the others have their turn next time. */
const maxLooks = 200;

/** Most characters of why it stands so. */
const maxReason = 300;

/** @internal How a run stands, and why, as its last event says it. */
export interface RunLook {
  readonly state: RunState;
  readonly reason?: string;
}

/** What the last event of a run makes of it, and where in its data it says why. */
const ends: ReadonlyMap<unknown, readonly [state: RunState, reason: string]> = new Map([
  ['pipeline_complete', ['completed', '']],
  ['pipeline_error', ['failed', 'message']],
  ['pipeline_cancelled', ['cancelled', 'reason']],
  ['step_waiting', ['waiting', 'name']],
]);

/** @internal How the runs in a list of streams stand: their last event says it, and is read when there is a new one. */
export class MonitorRuns {
  private readonly known = new Map<string, { readonly life: string; readonly next: number; readonly look: RunLook }>();

  constructor(private readonly streams: Pick<Streams, 'read'>) {}

  /** Looks at the runs that have changed. */
  async look(list: readonly StreamInfo[]): Promise<ReadonlyMap<string, RunLook>> {
    const runs = list.filter(({ streamId }) => runOf(streamId) !== undefined);
    const changed = runs.filter(({ streamId, life, next }) => {
      const known = this.known.get(streamId);
      return known?.next !== next || known.life !== life;
    });
    await Promise.all(changed.slice(0, maxLooks).map((info) => this.lookAt(info)));
    const there = new Set(runs.map(({ streamId }) => streamId));
    for (const id of this.known.keys()) if (!there.has(id)) this.known.delete(id);
    return new Map(runs.map((info) => [info.streamId, this.lookOf(info)]));
  }

  private async lookAt({ streamId, life, first, next }: StreamInfo): Promise<void> {
    const look = next > first ? await this.last(streamId, next - 1) : undefined;
    this.known.set(streamId, { life, next, look: look ?? { state: 'running' } });
  }

  private async last(streamId: string, seq: number): Promise<RunLook | undefined> {
    try {
      for await (const { data } of this.streams.read(streamId, { from: seq })) return lookAs(data);
    } catch {
      // It is gone meanwhile, or cannot be read: the list says as much.
    }
    return undefined;
  }

  private lookOf({ streamId, status }: StreamInfo): RunLook {
    const look = this.known.get(streamId)?.look ?? { state: 'running' };
    const isOver = look.state !== 'running' && look.state !== 'waiting';
    return status === 'active' || isOver ? look : { state: 'lost' };
  }
}

/** Nothing is believed of what is in the stream. */
function lookAs(event: unknown): RunLook | undefined {
  const { event_type: type, data } = (event ?? {}) as { event_type?: unknown; data?: unknown };
  const [state, field] = ends.get(type) ?? [];
  if (state === undefined) return undefined;
  const reason = (data as Record<string, unknown> | null | undefined)?.[field!];
  return typeof reason === 'string' ? { state, reason: reason.slice(0, maxReason) } : { state };
}
