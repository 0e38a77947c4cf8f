import { describe, expect, it, vi } from 'vitest';
import type { Authenticate, Authorize, Principal } from 'sluice/auth/auth';
import { ownersAndScopes } from 'sluice/auth/owners-and-scopes';
import { createChunk, StreamError } from 'sluice/chunk';
import { createRefusals } from 'sluice/probe';
import { BadFrame, type ClientFrame } from 'sluice/protocol';
import { createAccess } from 'sluice/streams';
import { textBodies } from '../bodies.js';
import { GatewayStage, type GatewayStageOptions, type TestLink } from './stage.js';

/** Tokens are the names of those who bear them, perhaps with scopes and a time: `ann read:a 500`. */
const authenticate: Authenticate = ({ header }) => {
  const [id = '', scopes, expiresAt] = header('authorization')!.slice('Bearer '.length).split(' ');
  if (id === 'stranger') return undefined;
  if (id === 'liar') throw new StreamError('unauthenticated', 'not accepted');
  if (id === 'late') throw new StreamError('expired', 'over');
  if (id === 'nobody') throw new StreamError('connection-lost', 'no keys');
  if (id === 'broken') throw new Error('secret');
  const said = scopes === undefined || scopes === '' ? {} : { scopes: scopes.split(',') };
  return { id, ...said, ...(expiresAt === undefined ? {} : { expiresAt: Number(expiresAt) }) };
};
const later: Authenticate = async (asking) => await authenticate(asking);

const publicToo: Authorize = (principal, action, stream, owner) =>
  (action === 'read' && stream === 'public') || ownersAndScopes(principal, action, stream, owner);

function open(options: Partial<GatewayStageOptions> = {}) {
  const refusals = createRefusals();
  const stage: GatewayStage = new GatewayStage(undefined, {
    authenticate,
    refusals,
    access: createAccess({
      // The stage makes its streams.
      streams: { info: (name) => stage.streams.info(name), create: (...wish) => stage.streams.create(...wish) },
      authorize: publicToo,
      refusals,
    }),
    ...options,
  });
  return { stage, refusals };
}

const tokenOf = (link: TestLink, token: string) => link.say({ t: 'auth', token });
const publish = (link: TestLink, stream: string, seq = 0, producer = 'p') =>
  link.say({ t: 'publish', stream, producer, epoch: 0, seq, chunks: textBodies('x') });
const errors = (link: TestLink) => link.all('error').map(({ code, stream }) => `${code} ${stream ?? ''}`.trim());
const known = (principal: Principal) => ({ transport: 'test', principal });

describe('a gateway that asks who comes', () => {
  it.each([
    ['at once', authenticate],
    ['later', later],
  ])('lets who shows a token do what it is good for, where that is found out %s', async (_, asks) => {
    const { stage } = open({ authenticate: asks });
    const link = stage.connect();
    tokenOf(link, 'ann  1000');
    await stage.settle();
    publish(link, 's');
    publish(link, 's', 1);
    await stage.settle();
    link.subscribe('s');
    await stage.settle();
    expect(link.words()).toEqual([
      'authenticated expiresInMs=1000',
      'ack stream=s producer=p epoch=0 seq=1 next=1',
      'ack stream=s producer=p epoch=0 seq=2 next=2',
      'subscribed stream=s from=beginning ch=0 seq=0',
      'data ch=0 seq=0 chunks=x,x',
    ]);
    expect((await stage.streams.info('s'))?.metadata).toEqual({ 'sluice.owner': 'ann' });
  });

  it('refuses whoever is unknown what it is asked for, and ends that when nobody says more', async () => {
    const { stage, refusals } = open();
    stage.keep('s', 'a');
    const link = stage.connect();
    link.subscribe('s');
    publish(link, 't');
    link.say({ t: 'cancel', stream: 's' });
    await stage.settle();
    expect(errors(link)).toEqual(['unauthenticated s', 'unauthenticated t', 'unauthenticated s']);
    stage.pass(9_999);
    expect(link.end).toBeUndefined();
    stage.pass(10_000);
    await stage.settle();
    expect(link.end).toBe('4401 nobody said who this is within 10000 ms');
    expect(errors(link).at(-1)).toBe('unauthenticated');
    expect(refusals.read()).toMatchObject({ unauthenticated: 4 });
    expect(await stage.streams.info('t')).toBeUndefined();
  });

  it('lets whoever is unknown stay who reads what everybody may', async () => {
    const { stage } = open();
    stage.keep('public', 'a');
    const link = stage.connect();
    link.subscribe('public');
    await stage.settle();
    stage.pass(20_000);
    expect(link.end).toBeUndefined();
    expect(link.all('data')).toHaveLength(1);
  });

  it.each([
    ['liar', 'unauthenticated', '4401 not accepted'],
    ['stranger', 'unauthenticated', '4401 the token is of no kind that is known'],
    ['late', 'expired', '4411 over'],
    ['nobody', 'connection-lost', '4503 it cannot be found out who this is'],
    ['broken', 'internal', '4503 it cannot be found out who this is'],
  ])('ends the connection of a %s', async (token, code, end) => {
    const { stage } = open({ authenticate: later });
    const link = stage.connect();
    tokenOf(link, token);
    await stage.settle();
    expect([errors(link), link.end]).toEqual([[code], end]);
    link.events.closed(4000, '');
    expect(stage.gateway.connections()).toEqual([]);
  });

  it('ends a connection when the time of its credentials is over, and not before', async () => {
    const { stage, refusals } = open();
    const link = stage.connect(known({ id: 'ann', expiresAt: 700 }));
    const other = stage.connect(known({ id: 'bob', expiresAt: 300 }));
    const third = stage.connect(known({ id: 'cid' }));
    await stage.settle();
    stage.pass(299);
    expect(other.end).toBeUndefined();
    stage.pass(699);
    expect([link.end, other.end]).toEqual([undefined, '4411 the time of the credentials is over']);
    stage.pass(700);
    expect([link.end, third.end]).toEqual(['4411 the time of the credentials is over', undefined]);
    expect(refusals.read().expired).toBe(2);
  });

  it('goes on when the credentials are renewed in time', async () => {
    const { stage } = open();
    const link = stage.connect();
    tokenOf(link, 'ann  500');
    await stage.settle();
    stage.scheduler.schedule(() => tokenOf(link, 'ann  900'), 400);
    stage.pass(400);
    await stage.settle();
    stage.pass(899);
    expect(link.end).toBeUndefined();
    expect(link.all('authenticated')).toEqual([
      { t: 'authenticated', expiresInMs: 500 },
      { t: 'authenticated', expiresInMs: 500 },
    ]);
    tokenOf(link, 'ann');
    await stage.settle();
    stage.pass(5000);
    expect([link.end, link.all('authenticated').length]).toEqual([undefined, 3]);
  });

  it('does not take the token of somebody else for a renewal', async () => {
    const { stage, refusals } = open();
    const link = stage.connect(known({ id: 'ann' }));
    tokenOf(link, 'bob');
    await stage.settle();
    expect(link.end).toBe('4403 the token is of somebody else');
    expect(refusals.read().forbidden).toBe(1);
  });

  it('ends what a new token is not good for, and asks anew for what was allowed', async () => {
    const { stage } = open();
    stage.keep('a', 'x');
    stage.keep('b', 'x');
    const link = stage.connect();
    tokenOf(link, 'ann read:*,create,publish');
    link.subscribe('a');
    link.subscribe('b');
    publish(link, 'c');
    await stage.settle();
    tokenOf(link, 'ann read:a');
    publish(link, 'c', 1);
    await stage.settle();
    expect(errors(link)).toEqual(['forbidden b', 'forbidden c']);
    expect(stage.gateway.connections()[0]!.reading.map(({ streamId }) => streamId)).toEqual(['a']);
  });

  it('looks at one token at a time', async () => {
    const { stage } = open({ authenticate: later });
    const link = stage.connect();
    tokenOf(link, 'ann');
    tokenOf(link, 'ann');
    await stage.settle();
    expect([errors(link), link.all('authenticated').length]).toEqual([['frame-unexpected'], 1]);
  });

  it.each(['ann', 'liar'])('forgets a token (%s) of somebody who has gone, and what was behind it', async (token) => {
    const { stage } = open({ authenticate: later, maxUnknown: 1 });
    const link = stage.connect();
    const written = { t: 'publish', stream: 's', producer: 'p', epoch: 0, seq: 0, chunks: textBodies('x') } as const;
    link.say({ t: 'auth', token }, written);
    link.events.closed(1006, '');
    await stage.settle();
    expect(link.words()).toEqual([]);
    expect(await stage.streams.info('s')).toBeUndefined();
    expect(stage.connect().end).toBeUndefined();
  });

  it.each([
    ['at once', authenticate],
    ['later', later],
  ])('answers a token and what is asked behind it in one message, where it looks at it %s', async (_, asks) => {
    const { stage } = open({ authenticate: asks });
    const link = stage.connect();
    await stage.settle();
    const before = link.messages;
    const subscribe = { t: 'subscribe', stream: 's', from: 'beginning', chunks: 9, bytes: 99 } as const;
    const written = { t: 'publish', stream: 's', producer: 'p', epoch: 0, seq: 0, chunks: textBodies('x') } as const;
    link.say({ t: 'auth', token: 'ann' }, written, subscribe);
    await stage.settle();
    expect(link.words()).toEqual([
      'authenticated',
      'ack stream=s producer=p epoch=0 seq=1 next=1',
      'subscribed stream=s from=beginning ch=0 seq=0',
      'data ch=0 seq=0 chunks=x',
    ]);
    expect(link.messages - before).toBe(1);
    expect((await stage.streams.info('s'))?.metadata).toEqual({ 'sluice.owner': 'ann' });
  });

  it.each([
    ['liar', '4401 not accepted'],
    ['late', '4411 over'],
    ['nobody', '4503 it cannot be found out who this is'],
  ])('does nothing of what comes behind the token of a %s, and answers nothing of it', async (token, end) => {
    const { stage, refusals } = open({ authenticate: later });
    stage.keep('public', 'a');
    const link = stage.connect();
    const wrong = new BadFrame(new StreamError('frame-unknown', 'unknown'), 'x', undefined, undefined, undefined);
    link.say(
      { t: 'auth', token },
      { t: 'subscribe', stream: 'public', from: 'beginning', chunks: 9, bytes: 99 },
      { t: 'publish', stream: 't', producer: 'p', epoch: 0, seq: 0, chunks: textBodies('x') },
      { t: 'cancel', stream: 'public' },
      wrong,
    );
    await stage.settle();
    expect([errors(link).length, link.words().length, link.end]).toEqual([1, 1, end]);
    expect(refusals.read().forbidden).toBe(0);
    expect(await stage.streams.info('t')).toBeUndefined();
    expect((await stage.streams.info('public'))?.status).toBe('active');
  });

  it('has no more wait behind a token than it may, and then does not look at it', async () => {
    let looks = 0;
    const counting: Authenticate = async (asking) => {
      looks++;
      return await later(asking);
    };
    const { stage, refusals } = open({ authenticate: counting });
    const token = { t: 'auth', token: 'ann' } as const;
    const behind = Array.from({ length: 257 }, (): ClientFrame => ({ t: 'ping', grants: [] }));
    const [patient, flooding, other] = [stage.connect(), stage.connect(), stage.connect(known({ id: 'ann' }))];
    patient.say(token, ...behind.slice(1));
    flooding.say(token, ...behind);
    other.say(token, ...behind);
    await stage.settle();
    expect(flooding.end).toBe('4429 more than 256 frames are behind a token');
    expect(errors(flooding)).toEqual(['limit-reached']);
    expect([looks, refusals.read().frame]).toEqual([2, 1]);
    expect([patient.all('pong').length, other.all('pong').length]).toEqual([256, 257]);
  });

  it('takes whoever sends on before he is answered for unknown', async () => {
    const { stage } = open({ authenticate: later });
    stage.keep('a', 'x');
    const link = stage.connect();
    tokenOf(link, 'ann read:*');
    link.subscribe('a');
    await stage.settle();
    expect(link.words().slice(-1)).toEqual(['authenticated']);
    expect(errors(link)).toEqual(['unauthenticated a']);
  });

  it('looks at tokens of one message one after the other, and lets what is behind the second go on', async () => {
    const { stage } = open({ authenticate: later });
    const link = stage.connect();
    const token = { t: 'auth', token: 'ann' } as const;
    link.say(token, { t: 'ping', grants: [] }, token, { t: 'ping', grants: [] });
    await stage.settle();
    expect(link.words()).toEqual(['authenticated', 'pong sent=[]', 'pong sent=[]', 'authenticated']);
  });

  it('waits no longer for who somebody is because he has asked for something', async () => {
    const { stage } = open({ authenticate: async () => await new Promise(() => {}) });
    stage.keep('public', 'a');
    const link = stage.connect();
    link.say({ t: 'auth', token: 'ann' }, { t: 'subscribe', stream: 'public', from: 0, chunks: 9, bytes: 99 });
    await stage.settle();
    stage.pass(9_999);
    expect([link.words(), link.end]).toEqual([[], undefined]);
    stage.pass(10_000);
    await stage.settle();
    expect(link.end).toBe('4401 nobody said who this is within 10000 ms');
  });

  it('keeps few connections of which nobody knows who they are', async () => {
    const { stage, refusals } = open({ maxUnknown: 2 });
    const [first] = [stage.connect(), stage.connect()];
    const third = stage.connect();
    expect(third.end).toBe('4429 too many clients have not said who they are');
    expect(third.frames).toEqual([expect.objectContaining({ code: 'limit-reached', retryAfterMs: 1000 })]);
    tokenOf(first, 'ann');
    await stage.settle();
    expect(stage.connect().end).toBeUndefined();
    expect(stage.connect(known({ id: 'bob' })).end).toBeUndefined();
    expect(refusals.read().connections).toBe(1);
  });

  it('lets a producer say that it lives where it may write, and nowhere else', async () => {
    const { stage } = open();
    await stage.streams.create('hers', { metadata: { 'sluice.owner': 'ann' } });
    const link = stage.connect(known({ id: 'ann' }));
    const other = stage.connect(known({ id: 'bob' }));
    const lease = (of: TestLink, data: object | string | null, seq = 0) =>
      of.say({
        t: 'publish',
        stream: 'sluice/leases',
        producer: of === link ? 'a' : 'b',
        epoch: 0,
        seq,
        chunks: [createChunk({ streamId: 's', seq: 0, data: data as string })],
      });
    lease(link, { stream: 'hers' });
    lease(other, { stream: 'hers' });
    lease(other, { stream: 5 });
    lease(other, null);
    lease(other, 'text');
    link.subscribe('sluice/leases');
    await stage.settle();
    expect(link.all('ack')).toHaveLength(1);
    expect(errors(other)).toEqual(Array.from({ length: 4 }, () => 'forbidden sluice/leases'));
    expect(errors(link)).toEqual(['forbidden sluice/leases']);
  });

  it('lets nobody end what all producers write their leases to', async () => {
    const stage = new GatewayStage();
    stage.keep('sluice/leases', 'x');
    const link = stage.connect();
    const close = { status: 'completed' } as const;
    link.say({ t: 'publish', stream: 'sluice/leases', producer: 'p', epoch: 0, seq: 0, chunks: [], close });
    link.say({ t: 'cancel', stream: 'sluice/leases' });
    await stage.settle();
    expect(errors(link)).toEqual(['name-invalid sluice/leases', 'name-invalid sluice/leases']);
    expect((await stage.streams.info('sluice/leases'))?.status).toBe('active');
  });

  it('reads its books to nobody, whoever asks', async () => {
    const stage = new GatewayStage();
    stage.keep('sluice/server/forks', 'secret');
    const link = stage.connect();
    link.subscribe('sluice/server/forks');
    await stage.settle();
    expect(errors(link)).toEqual(['name-invalid sluice/server/forks']);
    expect(stage.gateway.connections()[0]!.reading).toEqual([]);
  });

  it('answers a token where nobody is asked', async () => {
    const stage: GatewayStage = new GatewayStage();
    const link = stage.connect();
    tokenOf(link, 'anything');
    await stage.settle();
    expect(link.words()).toEqual(['authenticated']);
  });

  it('answers a token where only rights are looked at', async () => {
    const { stage } = open({ authenticate: undefined! });
    const link = stage.connect();
    tokenOf(link, 'anything');
    await stage.settle();
    stage.pass(60_000);
    expect(link.words()[0]).toBe('authenticated');
  });

  it('counts what cannot be read', async () => {
    const { stage, refusals } = open();
    const link = stage.connect(known({ id: 'ann' }));
    link.events.closed(4400, 'no frames');
    expect(refusals.read().frame).toBe(1);
  });

  it('sets no timer for each who comes and says who he is', async () => {
    const { stage } = open();
    const come = async (): Promise<TestLink> => {
      const link = stage.connect();
      tokenOf(link, 'ann');
      await stage.settle();
      return link;
    };
    await come();
    const timers = vi.spyOn(stage.scheduler, 'schedule');
    await come();
    expect(timers).not.toHaveBeenCalled();
    timers.mockRestore();
    // That of the first one rings for nobody, and is set anew for who is silent.
    let silent: TestLink | undefined;
    stage.scheduler.schedule(() => (silent = stage.connect()), 5_000);
    stage.pass(14_999);
    expect(silent?.end).toBeUndefined();
    stage.pass(15_000);
    expect(silent?.end).toBe('4401 nobody said who this is within 10000 ms');
  });

  it('lets go of its timer', async () => {
    const { stage } = open();
    const link = stage.connect(known({ id: 'ann', expiresAt: 100 }));
    stage.gateway.close();
    stage.pass(200);
    expect(link.end).toBe('1001 the server is shutting down');
  });
});
