import { describe, expect, it } from 'vitest';
import type { HttpRequest } from '../../../src/transport/http/exchange.js';
import { refusalOf } from '../../../src/transport/http/refusal.js';

const post: HttpRequest = { method: 'POST' };
const closed = { 'stream-closed': 'TRUE', 'stream-next-offset': '0_9' };

describe('refusalOf', () => {
  it.each<[number, Record<string, string>, HttpRequest, object]>([
    [403, {}, post, {}],
    [403, { 'producer-epoch': '7' }, post, { code: 'producer-fenced', epoch: 7 }],
    [403, { 'producer-epoch': 'x' }, post, { code: 'producer-fenced' }],
    [404, closed, post, { offset: '0_9' }],
    [409, {}, { method: 'PUT' }, { code: 'stream-exists' }],
    [409, closed, post, { code: 'stream-closed', offset: '0_9' }],
    [409, { 'stream-closed': 'true' }, post, { code: 'stream-closed' }],
    [409, { 'producer-expected-seq': '3' }, post, { code: 'sequence-gap', expected: 3 }],
    [409, { 'producer-expected-seq': 'x' }, post, { code: 'data-malformed', field: 'contentType' }],
    [409, {}, { ...post, headers: { 'stream-seq': '1' } }, { code: 'sequence-gap', field: 'seq' }],
    [409, {}, { ...post, headers: { 'stream-seq': undefined } }, { code: 'data-malformed', field: 'contentType' }],
  ])('knows what %i with %o is about', (status, headers, request, reason) => {
    expect(refusalOf(new Response('', { status, headers }), request)).toEqual(reason);
  });
});
