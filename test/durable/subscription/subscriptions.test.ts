import { describe, expect, it } from 'vitest';
import { createDurableStreams } from '../../../src/durable/durable-streams.js';
import type { Webhooks } from '../../../src/durable/subscription/webhooks.js';
import { VirtualTime } from '../../virtual-time.js';
import { type Asked, encoded, json, lab, requestFor, textOf } from '../lab.js';

const place = (seq: number): string => `${seq}`.padStart(16, '0');

/** What control requests are answered with, as far as tests look. */
interface Answer {
  readonly error: { readonly code: string };
  readonly streams: readonly { readonly path: string; readonly link_type: string; readonly acked_offset: string }[];
  readonly status: string;
  readonly ok: boolean;
  readonly wake_id: string;
  readonly generation: number;
  readonly token: string;
}

/** What a webhook is sent. */
interface Call {
  readonly url: string;
  readonly body: {
    readonly wake_id: string;
    readonly generation: number;
    readonly streams: readonly { readonly path: string; readonly tail_offset: string; readonly has_pending: boolean }[];
    readonly callback_token: string;
  };
  readonly headers: Readonly<Record<string, string>>;
  answer(status: number, body?: string): void;
  fail(): void;
}

function stage() {
  const time = new VirtualTime();
  const calls: Call[] = [];
  const webhooks: Webhooks = {
    kid: 'ds_k',
    jwk: { kty: 'OKP', crv: 'Ed25519', x: 'x' },
    allowLocal: true,
    sign: () => 'signed',
    seal: (sealed) => `seal${sealed.length}-${sealed.replaceAll(/\W/g, '_')}`,
    post: (url, body, headers) =>
      new Promise((resolve, reject) => {
        const answer = (status: number, answered = ''): void => resolve({ status, body: answered });
        calls.push({
          url,
          body: JSON.parse(body) as Call['body'],
          headers,
          answer,
          fail: () => reject(new Error('away')),
        });
      }),
  };
  const parts = lab({ scheduler: time, webhooks });
  const control = async (method: string, target: string, body?: unknown, headers: Asked['headers'] = {}) => {
    const asked = { headers: { ...json, ...headers }, ...(body === undefined ? {} : { body: JSON.stringify(body) }) };
    const reply = await time.until(parts.ask(method, `__ds/${target}`, asked));
    const shown: unknown = reply.body === undefined ? undefined : JSON.parse(textOf(reply));
    return { status: reply.status, body: shown as Answer };
  };
  const hook = { type: 'webhook', pattern: 'events/*', webhook: { url: 'http://localhost/hook' }, lease_ttl_ms: 1000 };
  const pull = { type: 'pull-wake', pattern: 'events/*', wake_stream: 'wake', lease_ttl_ms: 1000 };
  const write = async (name: string) => {
    await parts.put(name);
    await parts.post(name, 'x');
    await time.pass(5);
  };
  const wakes = async () => JSON.parse(await parts.content('wake')) as { generation: number; stream: string }[];
  return { ...parts, time, calls, webhooks, control, hook, pull, write, wakes };
}

describe('subscriptions', () => {
  it('are made, confirmed, shown and removed', async () => {
    const { control, hook, write } = stage();
    await write('events/old');
    const made = await control('PUT', 'subscriptions/s', { ...hook, streams: ['manual'], description: 'why' });
    expect(made.status).toBe(201);
    expect(made.body).toEqual({
      id: 's',
      subscription_id: 's',
      type: 'webhook',
      pattern: 'events/*',
      streams: [
        { path: 'manual', link_type: 'explicit', acked_offset: place(0) },
        { path: 'events/old', link_type: 'glob', acked_offset: place(1) },
      ],
      webhook: {
        url: 'http://localhost/hook',
        signing: { alg: 'ed25519', kid: 'ds_k', jwks_url: 'http://here.test/v1/stream/__ds/jwks.json' },
      },
      wake_stream: null,
      lease_ttl_ms: 1000,
      created_at: '1970-01-01T00:00:00.005Z',
      status: 'active',
      description: 'why',
    });
    expect((await control('PUT', 'subscriptions/s', { ...hook, streams: ['manual'], description: 'why' })).status).toBe(
      200,
    );
    expect((await control('PUT', 'subscriptions/s', hook)).body.error.code).toBe('SUBSCRIPTION_ALREADY_EXISTS');
    expect((await control('DELETE', 'subscriptions/s')).status).toBe(204);
    expect((await control('GET', 'subscriptions/s')).status).toBe(404);
    expect((await control('DELETE', 'subscriptions/s')).status).toBe(404);
  });

  it.each([
    ['GET', 'jwks.json', undefined, 200],
    ['POST', 'jwks.json', undefined, 404],
    ['GET', 'other', undefined, 404],
    ['GET', 'subscriptions/none', undefined, 404],
    ['PATCH', 'subscriptions/s', undefined, 404],
    ['GET', 'subscriptions/a%20b', undefined, 400],
    ['PUT', 'subscriptions/s', 'nonsense', 400],
    ['POST', 'subscriptions/none/streams', { streams: ['a'] }, 404],
    ['POST', 'subscriptions/none/claim', { worker: 'w' }, 404],
    ['POST', 'subscriptions/none/claim', { worker: '' }, 400],
    ['POST', 'subscriptions/none/ack', {}, 401],
    // Nothing is read of who shows no token.
    ['POST', 'subscriptions/none/release', [], 401],
  ])('answers %s %s %j with %i', async (method, target, body, status) => {
    const { control } = stage();
    expect((await control(method, target, body)).status).toBe(status);
  });

  it('refuses what is no JSON', async () => {
    const { ask, time } = stage();
    const reply = await time.until(ask('PUT', '__ds/subscriptions/s', { headers: json, body: '{' }));
    expect(reply.status).toBe(400);
    expect(JSON.parse(textOf(reply))).toMatchObject({ error: { code: 'INVALID_REQUEST' } });
  });

  it('call a webhook once for what comes, and again for what comes behind what it has done', async () => {
    const { control, hook, write, post, calls, time } = stage();
    await control('PUT', 'subscriptions/s', hook);
    await write('events/a');
    expect(calls).toHaveLength(1);
    const [call] = calls as [Call];
    expect(call.body.streams).toEqual([
      {
        path: 'events/a',
        link_type: 'glob',
        acked_offset: place(0),
        tail_offset: call.body.streams[0]!.tail_offset,
        has_pending: true,
      },
    ]);
    expect(call.headers['webhook-signature']).toBe('t=0,kid=ds_k,ed25519=signed');
    await post('events/a', 'y');
    await time.pass(5);
    expect(calls, 'it is at work').toHaveLength(1);
    call.answer(200, '{"done":true}');
    await time.pass(5);
    expect(calls).toHaveLength(2);
    expect(calls[1]!.body.generation).toBe(2);
    calls[1]!.answer(200, '{"done":true}');
    await time.pass(2000);
    expect(calls).toHaveLength(2);
    expect((await control('GET', 'subscriptions/s')).body.streams[0]!.acked_offset).toBe(place(2));
  });

  it('wait for a webhook to call back, and fence what is over', async () => {
    const { control, hook, write, calls, time } = stage();
    await control('PUT', 'subscriptions/s', hook);
    await write('events/a');
    const [call] = calls as [Call];
    call.answer(202, 'later');
    const { wake_id, generation, callback_token, streams } = call.body;
    const tail = streams[0]!.tail_offset;
    const say = (body: object, token = callback_token) =>
      control(
        'POST',
        'subscriptions/s/callback',
        { wake_id, generation, ...body },
        { authorization: `Bearer ${token}` },
      );
    await time.pass(900);
    expect((await say({ acks: [] })).body).toEqual({ ok: true, next_wake: false });
    await time.pass(900);
    expect(calls, 'the lease was extended').toHaveLength(1);
    expect((await say({}, 'x')).status).toBe(401);
    expect((await say({ generation: 9 })).status).toBe(409);
    expect((await say({ acks: [{ stream: 'other', offset: tail }] })).body.error.code).toBe('INVALID_OFFSET');
    expect((await say({ acks: [{ stream: 'events/a', offset: place(9) }] })).status).toBe(400);
    expect((await say({ acks: [{ stream: 'events/a', offset: 'now' }] })).status).toBe(400);
    expect((await say({ acks: 5 })).status).toBe(400);
    expect((await say({ acks: [{ stream: 'events/a', offset: place(1) }], done: true })).body.ok).toBe(true);
    expect((await say({ done: true })).body.error.code).toBe('FENCED');
  });

  it('call again when a lease is over, and with patience when nobody answers', async () => {
    const { control, hook, write, calls, time } = stage();
    await control('PUT', 'subscriptions/s', hook);
    await write('events/a');
    calls[0]!.answer(200, 'not json');
    await time.pass(1100);
    expect(calls).toHaveLength(2);
    calls[1]!.fail();
    await time.pass(5);
    expect((await control('GET', 'subscriptions/s')).body.status).toBe('failed');
    await time.pass(900);
    expect(calls).toHaveLength(2);
    await time.pass(200);
    expect(calls).toHaveLength(3);
    calls[2]!.answer(500);
    await time.pass(1900);
    expect(calls).toHaveLength(3);
    await time.pass(200);
    calls[3]!.answer(200, '{"done":true}');
    await time.pass(5);
    expect((await control('GET', 'subscriptions/s')).body.status).toBe('active');
  });

  it('let workers race for what there is, each with a lease', async () => {
    const { ask, control, pull, write, wakes, time } = stage();
    await ask('PUT', 'wake', { headers: json });
    await control('PUT', 'subscriptions/p', pull);
    expect((await control('POST', 'subscriptions/p/claim', { worker: 'w1' })).body.error.code).toBe('NO_PENDING_WORK');
    await write('events/a');
    expect(await wakes()).toMatchObject([{ type: 'wake', subscription_id: 'p', stream: 'events/a', generation: 1 }]);
    const { body: claimed } = await control('POST', 'subscriptions/p/claim', { worker: 'w1' });
    expect(claimed).toMatchObject({ generation: 1, lease_ttl_ms: 1000 });
    expect((await control('POST', 'subscriptions/p/claim', { worker: 'w2' })).body.error).toMatchObject({
      code: 'ALREADY_CLAIMED',
      current_holder: 'w1',
    });
    const authorization = `Bearer ${claimed.token}`;
    const { wake_id, generation } = claimed;
    const released = await control('POST', 'subscriptions/p/release', { wake_id, generation }, { authorization });
    expect(released.status).toBe(204);
    await time.pass(5);
    expect(await wakes(), 'there is still work').toHaveLength(2);
    await control('POST', 'subscriptions/p/claim', { worker: 'w2' });
    await time.pass(1100);
    expect(await wakes(), 'the worker has died').toHaveLength(3);
    expect((await control('POST', 'subscriptions/p/ack', { wake_id, generation }, { authorization })).status).toBe(409);
    expect((await control('POST', 'subscriptions/p/callback', {}, { authorization })).status).toBe(409);
  });

  it('are of one kind', async () => {
    const { control, hook, pull, write, calls } = stage();
    await control('PUT', 'subscriptions/s', hook);
    await control('PUT', 'subscriptions/p', pull);
    expect((await control('POST', 'subscriptions/s/claim', { worker: 'w' })).status).toBe(400);
    await write('events/a');
    const { wake_id, generation, callback_token } = calls[0]!.body;
    const word = { wake_id, generation };
    const authorization = `Bearer ${callback_token}`;
    expect((await control('POST', 'subscriptions/s/ack', word, { authorization })).status).toBe(400);
    expect((await control('POST', 'subscriptions/s/release', word, { authorization })).status).toBe(400);
  });

  it('have streams that are named and streams that fit, and lose only the first by word', async () => {
    const { control, hook, write } = stage();
    await write('events/a');
    await control('PUT', 'subscriptions/s', hook);
    const links = async () => {
      const { body } = await control('GET', 'subscriptions/s');
      return body.streams.map(({ path, link_type }) => `${path} ${link_type}`);
    };
    for (const _ of [1, 2]) await control('POST', 'subscriptions/s/streams', { streams: ['events/a', 'b/c'] });
    expect(await links()).toEqual(['events/a explicit', 'b/c explicit']);
    expect((await control('DELETE', 'subscriptions/s/streams/events%2Fa')).status).toBe(204);
    expect((await control('DELETE', 'subscriptions/s/streams/b/c')).status).toBe(204);
    expect((await control('DELETE', 'subscriptions/s/streams/b/c')).status).toBe(204);
    expect(await links()).toEqual(['events/a glob']);
    expect(
      (await control('POST', 'subscriptions/s/streams', { streams: Array.from({ length: 1001 }, () => 'x') })).status,
    ).toBe(400);
  });

  it('are known to every server on the log, and to the next one', async () => {
    const { control, hook, write, streams, calls, webhooks, time, durable } = stage();
    await control('PUT', 'subscriptions/s', hook);
    const other = createDurableStreams({ streams, webhooks, scheduler: time });
    await time.pass(5);
    await write('events/a');
    expect(calls, 'one of them calls').toHaveLength(1);
    durable.dispose();
    const { wake_id, generation, callback_token } = calls[0]!.body;
    const request = requestFor('POST', '__ds/subscriptions/s/callback', {
      headers: { ...json, authorization: `Bearer ${callback_token}` },
      body: JSON.stringify({ wake_id, generation }),
    });
    expect((await time.until(Promise.resolve(other.handle(request)))).status).toBe(200);
    await time.pass(1100);
    expect(calls, 'the other one goes on').toHaveLength(2);
    other.dispose();
    const third = createDurableStreams({ streams, webhooks, scheduler: time });
    await time.pass(1100);
    expect(calls.length).toBeGreaterThanOrEqual(3);
    third.dispose();
  });

  it('are not told of what servers write for themselves, nor by what they are told through', async () => {
    const { control, pull, ask, streams, time, log } = stage();
    await ask('PUT', 'wake', { headers: json });
    await control('PUT', 'subscriptions/p', { ...pull, pattern: '**' });
    await streams.append('sluice/leases', [encoded('x')]);
    await streams.append('elsewhere', [encoded('x')]);
    await time.pass(50);
    expect(log.info('wake')!.next).toBe(1);
    const { body } = await control('GET', 'subscriptions/p');
    expect(body.streams.map(({ path }) => path)).toEqual(['elsewhere']);
  });

  it('write to no stream that the application has not made', async () => {
    const { control, pull, write, log } = stage();
    await control('PUT', 'subscriptions/p', pull);
    await write('events/a');
    expect(log.info('wake')).toBeUndefined();
    expect((await control('POST', 'subscriptions/p/claim', { worker: 'w' })).status).toBe(200);
  });

  it('are bounded in number', async () => {
    const { control, hook } = stage();
    for (let n = 0; n < 1000; n += 250) {
      await Promise.all(Array.from({ length: 250 }, (_, i) => control('PUT', `subscriptions/s${n + i}`, hook)));
    }
    expect((await control('PUT', 'subscriptions/more', hook)).status).toBe(429);
  }, 60_000);

  it('have at most so many streams', async () => {
    const { control, hook } = stage();
    await control('PUT', 'subscriptions/s', { ...hook, streams: [] });
    const paths = (n: number) => Array.from({ length: 1000 }, (_, i) => `m/${n}-${i}`);
    for (let n = 0; n < 10; n++) {
      expect((await control('POST', 'subscriptions/s/streams', { streams: paths(n) })).status).toBe(204);
    }
    expect((await control('POST', 'subscriptions/s/streams', { streams: paths(10) })).status).toBe(429);
  }, 60_000);
});
