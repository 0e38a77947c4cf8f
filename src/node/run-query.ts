import { isSeq, parseJoinPosition, type JoinPosition } from '../chunk/index.js';
import { type ListRunsOptions, type RunStatus, runStatuses } from '../run/index.js';
import { RequestError } from './request-error.js';

/** @internal Which events of a run somebody wants to see, and from where. */
export interface RunQuery {
  readonly from: Exclude<JoinPosition, 'snapshot'>;
  /** Somebody who has been here before. */
  readonly resumed: boolean;
  readonly types: readonly string[] | undefined;
  readonly steps: readonly string[] | undefined;
}

/** Most names in one list. */
const maxNames = 100;
const eventId = /^(?:0|[1-9]\d{0,15})$/;

/**
 * What a request asks for: `types` and `steps`, separated by commas or said several times, and where to begin: behind the event
 * it has seen last, else at `from`, else at the beginning.
 *
 * @internal
 * @throws {@link RequestError} 400 naming the field
 */
export function readRunQuery(url: URL, lastEventId: string | undefined): RunQuery {
  const { searchParams: query } = url;
  const resumed = lastEventId !== undefined && lastEventId !== '';
  return {
    from: resumed ? behind(lastEventId) : position(query.get('from') ?? 'beginning'),
    resumed,
    types: names(query, 'types'),
    steps: names(query, 'steps'),
  };
}

function behind(lastEventId: string): number {
  const next = eventId.test(lastEventId) ? Number(lastEventId) + 1 : undefined;
  if (isSeq(next)) return next;
  throw new RequestError(400, 'frame-invalid', 'Last-Event-ID must be the id of an event', 'last-event-id');
}

function position(text: string): RunQuery['from'] {
  const from = parseJoinPosition(text);
  if (from !== undefined && from !== 'snapshot') return from;
  throw invalid('from', 'must be beginning, now or the number of an event');
}

function names(query: URLSearchParams, field: string): readonly string[] | undefined {
  if (!query.has(field)) return undefined;
  const list = query.getAll(field).flatMap((text) => text.split(','));
  if (list.length <= maxNames && list.every((name) => name !== '')) return list;
  throw invalid(field, `must be 1 to ${maxNames} names with commas between`);
}

/**
 * Which runs a request wants listed: `status`, separated by commas or said several times, `pipeline`, `limit` and `after`.
 *
 * @internal
 * @throws {@link RequestError} 400 naming the field
 */
export function readListQuery({ searchParams: query }: URL): ListRunsOptions {
  const [status, pipeline, after] = [names(query, 'status'), query.get('pipeline'), query.get('after')];
  const limit = query.has('limit') ? limitOf(query.get('limit')!) : undefined;
  if (status?.every(isStatus) === false) throw invalid('status', `must be among ${runStatuses.join(', ')}`);
  if (after !== null && !cursor.test(after)) throw invalid('after', 'must be what a page before has said');
  return {
    ...(status === undefined ? {} : { status: status as RunStatus[] }),
    ...(pipeline === null ? {} : { pipeline }),
    ...(after === null ? {} : { after }),
    ...(limit === undefined ? {} : { limit }),
  };
}

const cursor = /^\d{1,16}\../;

function isStatus(name: string): boolean {
  return (runStatuses as readonly string[]).includes(name);
}

function limitOf(text: string): number {
  const limit = /^\d{1,4}$/.test(text) ? Number(text) : 0;
  if (limit >= 1 && limit <= 1000) return limit;
  throw invalid('limit', 'must be a number from 1 to 1000');
}

function invalid(field: string, rule: string): RequestError {
  return new RequestError(400, 'frame-invalid', `${field} ${rule}`, field);
}
