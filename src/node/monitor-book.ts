import type { StreamInfo } from '../chunk/index.js';
import type { StreamRow } from '../monitor/state.js';
import type { RunLook } from './monitor-runs.js';

interface Kept {
  readonly row: StreamRow;
  /** What the row is compared by. */
  readonly text: string;
  version: number;
}

/** Most removals that are remembered; who has missed more is told everything anew. */
const maxRemoved = 10_000;

/** @internal What has changed in a list of streams, for pages that look at it again and again. */
export class MonitorBook {
  private readonly rows = new Map<string, Kept>();
  private removed: { readonly id: string; readonly version: number }[] = [];
  private forgotten = 0;
  private version = 0;

  /** Takes note of how the list is now, and of how the runs in it stand. */
  update(list: readonly StreamInfo[], runs: ReadonlyMap<string, RunLook> = new Map()): void {
    this.version++;
    const seen = new Set<string>();
    for (const info of list) {
      seen.add(info.streamId);
      const row = rowOf(info, runs.get(info.streamId));
      const text = JSON.stringify(row);
      if (this.rows.get(row.id)?.text !== text) this.rows.set(row.id, { row, text, version: this.version });
    }
    for (const id of this.rows.keys()) if (!seen.has(id)) this.remove(id);
  }

  private remove(id: string): void {
    this.rows.delete(id);
    this.removed.push({ id, version: this.version });
    if (this.removed.length > maxRemoved) this.forgotten = this.removed.shift()!.version;
  }

  /** The number of the next chunk of a stream. */
  head(id: string): number {
    return this.rows.get(id)?.row.next ?? 0;
  }

  /** What has changed since a cursor: all, where that is too long ago. */
  since(cursor: number): { cursor: number; isWhole: boolean; streams: StreamRow[]; removed: string[]; total: number } {
    const isWhole = cursor < this.forgotten || cursor > this.version || cursor === 0;
    const changed = [...this.rows.values()].filter(({ version }) => isWhole || version > cursor);
    const gone = isWhole ? [] : this.removed.filter(({ id, version }) => version > cursor && !this.rows.has(id));
    return {
      cursor: this.version,
      isWhole,
      streams: changed.map(({ row }) => row),
      removed: gone.map(({ id }) => id),
      total: this.rows.size,
    };
  }
}

function rowOf(info: StreamInfo, run: RunLook | undefined): StreamRow {
  const { streamId: id, status, source, first, next, bytes, createdAt, lastChunkAt, endedAt } = info;
  const reason = run?.reason ?? info.reason;
  return {
    id,
    status,
    ...(reason === undefined ? {} : { reason }),
    ...(source === undefined ? {} : { source }),
    ...(run === undefined ? {} : { run: run.state }),
    first,
    next,
    bytes: bytes.received,
    createdAt,
    ...(lastChunkAt === undefined ? {} : { lastChunkAt }),
    ...(endedAt === undefined ? {} : { endedAt }),
  };
}
