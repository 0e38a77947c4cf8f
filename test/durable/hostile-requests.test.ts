import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { singleHeaders } from '../../src/durable/shell.js';
import { createRefusals } from '../../src/probe/index.js';
import { json, lab, open, text } from './lab.js';

/** Methods, and what of a request each of them heeds. */
const headersOf = {
  PUT: [
    'content-type',
    'stream-ttl',
    'stream-expires-at',
    'stream-closed',
    'stream-forked-from',
    'stream-fork-offset',
    'stream-fork-sub-offset',
  ],
  POST: ['content-type', 'stream-closed', 'stream-seq', 'producer-id', 'producer-epoch', 'producer-seq'],
  GET: ['if-none-match'],
  HEAD: [],
  DELETE: [],
} as const;
type Method = keyof typeof headersOf;
const queries = ['offset', 'live', 'cursor'] as const;

/** What is wrong with a value, by kinds: what was repeated has been joined by Node. */
const wrong: readonly (readonly [kind: string, value: string])[] = [
  ['empty', ''],
  ['huge', '9'.repeat(10_000)],
  ['repeated', '1, 1'],
  ['a word', 'nonsense'],
  ['negative', '-1'],
  ['a fraction', '0.5'],
  ['beyond all numbers', '1e999'],
  ['no number', 'NaN'],
  ['an object', '{"__proto__":{}}'],
  ['a path', '/v1/stream/../../etc'],
  ['lines', 'a\r\nset-cookie: x=y'],
  ['a zero byte', 'a\u0000b'],
  ['letters of all kinds', 'ä\u202e\ud800'],
];

const [most, plain] = [2000, { 'content-type': 'text/plain' }];

/** A server with a stream in it, and a look at whether that is as it was. */
async function stage() {
  const refusals = createRefusals();
  const { ask, put, content } = lab({ refusals, longPollTimeoutMs: 1, maxBodyBytes: 32_768 });
  await put('good', { body: 'as it was' });
  return { ask, refusals, content: async () => await content('good') };
}

type Answered = Awaited<ReturnType<Awaited<ReturnType<typeof stage>>['ask']>>;

/** Nothing that was asked is a defect, and no answer says what a stranger wants it to. */
function expectSane({ status, headers, body }: Answered, what = ''): void {
  expect(status, what).toBeGreaterThanOrEqual(200);
  expect(status, what).toBeLessThan(500);
  for (const [name, value] of Object.entries(headers)) {
    expect(`${name}${value}`, what).not.toMatch(/[\r\n\0]/);
    expect(value.length, what).toBeLessThan(most);
  }
  expect(headers['set-cookie'], what).toBeUndefined();
  if (status >= 400 && body instanceof Uint8Array && body.length > 0) {
    expect(JSON.parse(new TextDecoder().decode(body)), what).toMatchObject({ code: expect.any(String) as unknown });
  }
}

describe('requests that are wrong in one place', () => {
  it('knows every header that may be said once', () => {
    const known = new Set<string>(Object.values(headersOf).flat());
    expect([...singleHeaders].filter((name) => !known.has(name))).toEqual([]);
  });

  const cases = (Object.keys(headersOf) as Method[]).flatMap((method) =>
    headersOf[method].flatMap((name) => wrong.map(([kind, value]) => [method, name, kind, value] as const)),
  );
  it.each(cases)('%s with a %s that is %s gets an answer that makes sense', async (method, name, kind, value) => {
    const { ask, content, refusals } = await stage();
    const target = method === 'PUT' ? 'made' : 'good';
    // What goes together is there.
    const rest: Record<string, string> = name.startsWith('producer-')
      ? { 'producer-id': 'p', 'producer-epoch': '0', 'producer-seq': '0' }
      : name.startsWith('stream-fork')
        ? { 'stream-forked-from': '/v1/stream/good' }
        : {};
    const headers = { ...plain, ...rest, [name]: value };
    const reply = await ask(method, target, { headers, body: method === 'POST' ? 'more' : '' });
    expectSane(reply, kind);
    const { request, body, forbidden } = refusals.read();
    if (reply.status === 400) expect(request).toBe(1);
    if (reply.status === 413 || reply.status === 409) expect(body).toBeLessThanOrEqual(1);
    expect(forbidden).toBe(0);
    expect((await content()).startsWith('as it was')).toBe(true);
  });

  it.each(queries.flatMap((name) => wrong.map(([kind, value]) => [name, kind, value] as const)))(
    'GET with %s that is %s gets an answer that makes sense',
    async (name, kind, value) => {
      const { ask } = await stage();
      const query = new URLSearchParams({ offset: '-1', [name]: value.toWellFormed() });
      const reply = await ask('GET', `good?${query}`);
      expectSane(reply, kind);
      if (name !== 'cursor' && value !== '-1') expect(reply.status).toBe(400);
      expect((await ask('GET', `good?${query}&${query}`)).status, 'repeated').toBe(400);
    },
  );
});

describe('requests that are wrong in any place', () => {
  const value = fc.oneof(
    fc.constantFrom(
      ...wrong.map(([, each]) => each),
      'true',
      'text/plain',
      'application/json',
      '0',
      '1',
      '/v1/stream/good',
    ),
    fc.string(),
    fc.string({ unit: 'binary' }),
  );
  const name = fc.constantFrom(...singleHeaders, 'if-none-match', 'content-length', 'authorization');
  const segment = fc.oneof(
    fc.constantFrom(
      'good',
      '..',
      '%2e%2e',
      '%252e%252e',
      '%00',
      '%',
      '',
      '__ds',
      'sluice',
      '__proto__',
      'a%0d%0ab',
      '%c3%28',
    ),
    fc.webFragments(),
  );
  const query = fc.dictionary(fc.constantFrom(...queries, '__proto__', 'access'), value, { maxKeys: 3 });
  const request = fc.record({
    method: fc.constantFrom('PUT', 'POST', 'GET', 'HEAD', 'DELETE', 'PATCH', '__proto__'),
    path: fc.oneof(fc.constant(['good']), fc.array(segment, { minLength: 1, maxLength: 4 })),
    query,
    headers: fc.dictionary(name, value, { maxKeys: 5 }),
    body: fc.oneof(
      fc.string(),
      fc.json(),
      fc.constant('['.repeat(4000)),
      fc.constant('{"__proto__":{"x":1}}'),
      fc.constant('x'.repeat(40_000)),
    ),
  });

  it('get an answer that makes sense, whatever they are, and change nothing they do not name', async () => {
    const { ask, content } = await stage();
    await fc.assert(
      fc.asyncProperty(request, async ({ method, path, query: said, headers, body }) => {
        const target = path.join('/');
        const isOther = method === 'GET' || method === 'HEAD' || !/^(?:good|%67ood)/i.test(target);
        const search = new URLSearchParams(Object.entries(said).map(([key, each]) => [key, each.toWellFormed()]));
        // Nobody waits for what is to come.
        if (search.get('live') === 'sse') search.delete('live');
        const before = await content();
        const reply = await ask(method, `${target}?${search}`, { headers: { ...headers }, body });
        if (reply.status !== 501 && reply.status !== 507) expectSane(reply, `${method} ${target}`);
        if (reply.body !== undefined && !(reply.body instanceof Uint8Array)) open(reply).outflow.closed();
        if (isOther) expect(await content()).toBe(before);
        else await ask('PUT', 'good', { headers: text, body: 'as it was' });
        expect(({} as { x?: number }).x).toBeUndefined();
      }),
      { numRuns: 500 },
    );
  });

  it('are refused in no time where they are JSON of 10 000 arrays in each other', async () => {
    const { ask, refusals } = await stage();
    await ask('PUT', 'json', { headers: json });
    const reply = await ask('POST', 'json', { headers: json, body: '['.repeat(10_000) + ']'.repeat(10_000) });
    expect([reply.status, refusals.read().request]).toEqual([400, 1]);
  });
});
