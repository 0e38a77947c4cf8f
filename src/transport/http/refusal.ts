import { isTrue, type Reason } from './failure.js';
import type { HttpRequest } from './exchange.js';

/** @internal What the refusal of a write is about. */
export function refusalOf(answer: Response, request: HttpRequest): Reason {
  return { offset: answer.headers.get('stream-next-offset') ?? undefined, ...reasonOf(answer, request) };
}

function reasonOf({ status, headers }: Response, { method, headers: sent }: HttpRequest): Reason {
  const epoch = headers.get('producer-epoch');
  if (status === 403 && epoch !== null) return { code: 'producer-fenced', epoch: numberOf(epoch) };
  if (status !== 409) return {};
  if (method === 'PUT') return { code: 'stream-exists' };
  if (isTrue(headers.get('stream-closed'))) return { code: 'stream-closed' };
  const expected = numberOf(headers.get('producer-expected-seq'));
  if (expected !== undefined) return { code: 'sequence-gap', expected };
  if (sent?.['stream-seq'] !== undefined) return { code: 'sequence-gap', field: 'seq' };
  return { code: 'data-malformed', field: 'contentType' };
}

function numberOf(value: string | null): number | undefined {
  return value !== null && /^\d{1,15}$/.test(value) ? Number(value) : undefined;
}
