import { describe, expect, it } from 'vitest';
import type { Held, Spent } from '../../src/auth/quotas.js';
import { ownersAndScopes } from 'sluice/auth/owners-and-scopes';
import { createMemoryLog } from 'sluice/log/memory';
import { createRefusals } from 'sluice/probe';
import type { ClientFrame } from 'sluice/protocol';
import { createAccess, createStreams } from 'sluice/streams';
import { encodedTexts, textBodies } from '../bodies.js';
import { FewQuotas } from './few-quotas.js';
import { GatewayStage, type GatewayStageOptions, type TestLink } from './stage.js';

function open(most: Partial<Record<Held | Spent, number>>, options: Partial<GatewayStageOptions> = {}) {
  const quotas = new FewQuotas(most);
  const refusals = createRefusals();
  return { stage: new GatewayStage(undefined, { quotas, refusals, ...options }), quotas, refusals };
}

const ann = { transport: 'test', principal: { id: 'ann' } };
const errors = (link: TestLink) =>
  link.all('error').map(({ code, stream, ch, producer, epoch, retryAfterMs }) => ({
    code,
    stream,
    ch,
    producer,
    epoch,
    retryAfterMs,
  }));
const publish = (link: TestLink, seq: number, ...datas: string[]) =>
  link.say({ t: 'publish', stream: 's', producer: 'p', epoch: 0, seq, chunks: textBodies(...datas) });

describe('a gateway that counts', () => {
  it('takes as many connections of somebody as there may be, and one more when one has gone', async () => {
    const { stage, quotas, refusals } = open({ connections: 2 });
    const [first] = [stage.connect(ann), stage.connect(ann)];
    const third = stage.connect(ann);
    expect(third.end).toBe('4429 there are as many connections as there may be');
    expect(errors(third)).toEqual([{ code: 'limit-reached', retryAfterMs: 1000 }]);
    expect(stage.connect({ transport: 'test', principal: { id: 'bob' } }).end).toBeUndefined();
    first.events.closed(1000, '');
    expect(stage.connect(ann).end).toBeUndefined();
    expect([quotas.held.get('ann connections'), refusals.read().connections]).toEqual([2, 1]);
  });

  it('counts whoever is not known by where he comes from', () => {
    const { stage, quotas } = open({ connections: 1 });
    const from = (address?: string) =>
      stage.connect({ transport: 'test', ...(address === undefined ? {} : { address }) });
    expect(
      ['2001:db8::1', '2001:db8::2', '2001:db8:0:1::1', undefined].map((address) => from(address).end?.slice(0, 4)),
    ).toEqual([undefined, '4429', undefined, undefined]);
    expect([...quotas.held.keys()]).toEqual([
      'address 2001:db8:0:0::/64 connections',
      'address 2001:db8:0:1::/64 connections',
      'address nowhere connections',
    ]);
  });

  it('counts a connection once it knows whose it is', async () => {
    const { stage, quotas } = open({ connections: 1 }, { authenticate: () => ({ id: 'ann' }) });
    const [first, second] = [stage.connect(), stage.connect()];
    for (const link of [first, second]) link.say({ t: 'auth', token: 'x' });
    await stage.settle();
    expect([first.end, second.end]).toEqual([
      undefined,
      '4429 there are as many connections as these credentials may have',
    ]);
    second.events.closed(4429, '');
    first.say({ t: 'auth', token: 'x' });
    first.events.closed(1000, '');
    expect(quotas.held.get('ann connections')).toBe(0);
  });

  it('lets somebody read as many streams as there may be, over all connections', async () => {
    const { stage, quotas, refusals } = open({ subscriptions: 2 });
    for (const name of ['a', 'b', 'c']) stage.keep(name);
    const [one, two] = [stage.connect(ann), stage.connect(ann)];
    one.subscribe('a');
    one.subscribe('missing');
    await stage.settle();
    two.subscribe('b');
    two.subscribe('c');
    await stage.settle();
    expect(errors(two)).toEqual([{ code: 'limit-reached', stream: 'c' }]);
    one.say({ t: 'unsubscribe', ch: one.channel('a') });
    two.subscribe('c');
    await stage.settle();
    expect(errors(two)).toHaveLength(1);
    two.events.closed(1006, '');
    expect([quotas.held.get('ann subscriptions'), refusals.read().subscriptions]).toEqual([0, 1]);
  });

  it('gives back what was taken for a stream nobody waits for any more', async () => {
    const { stage, quotas } = open({});
    stage.keep('a');
    const link = stage.connect(ann);
    link.subscribe('a');
    link.events.closed(1006, '');
    await stage.settle();
    expect(quotas.held.get('ann subscriptions')).toBe(0);
  });

  it('refuses what is too much to write, says when it is not, and keeps nothing of it', async () => {
    const { stage, refusals } = open({ chunks: 3, bytes: 5 });
    const link = stage.connect(ann);
    publish(link, 0, 'ab', 'c');
    await stage.settle();
    publish(link, 2, 'd', 'e');
    await stage.settle();
    expect(errors(link)).toEqual([{ code: 'rate-limited', stream: 's', producer: 'p', epoch: 0, retryAfterMs: 500 }]);
    expect((await stage.streams.info('s'))?.next).toBe(2);
    expect(refusals.read().rate).toBe(1);
  });

  it('ends a connection that floods', async () => {
    const { stage, refusals } = open({ frames: 10 });
    const link = stage.connect(ann);
    for (let i = 0; i < 100; i++) link.say({ t: 'ping', grants: [] });
    await stage.settle();
    expect(link.end).toBe('4429 these credentials send as many frames as they may');
    expect(errors(link)[0]).toEqual({ code: 'rate-limited', retryAfterMs: 500 });
    expect(refusals.read().rate).toBeGreaterThan(0);
  });

  it('cuts off who has read what he may: with an error, and without an end', async () => {
    const { stage, quotas, refusals } = open({ readBytes: 6 });
    stage.keep('a', 'abcd');
    const link = stage.connect(ann);
    link.subscribe('a');
    await stage.settle();
    stage.keep('a', 'efgh');
    await stage.settle();
    await stage.settle();
    expect(errors(link)).toEqual([{ code: 'budget-exhausted', stream: 'a', ch: 0, retryAfterMs: 500 }]);
    expect(link.all('end')).toEqual([]);
    stage.keep('a', 'ijkl');
    link.subscribe('a');
    await stage.settle();
    expect(errors(link).at(-1)).toEqual({ code: 'budget-exhausted', stream: 'a', retryAfterMs: 500 });
    expect(link.all('data').flatMap(({ chunks }) => chunks)).toHaveLength(2);
    expect(refusals.read().budget).toBe(2);
    expect(quotas.held.get('ann subscriptions')).toBe(0);
  });

  it('counts what was read while it was counting', async () => {
    const { stage, quotas } = open({});
    stage.keep('a', 'ab');
    const link = stage.connect(ann);
    link.subscribe('a');
    await stage.settle();
    quotas.spent.length = 0;
    for (const data of ['c', 'd', 'e']) {
      stage.keep('a', data);
      stage.turn();
    }
    await stage.settle();
    const paid = quotas.spent.filter((words) => words.startsWith('ann readBytes'));
    expect(paid.reduce((sum, words) => sum + Number(words.split(' ')[2]), 0)).toBe(3);
  });

  it('goes on where nothing can be counted', async () => {
    const { stage, quotas } = open({});
    quotas.spend = async (_, what) =>
      await (what === 'frames' || what === 'readBytes'
        ? Promise.reject(new Error('no Redis'))
        : Promise.resolve(undefined));
    stage.keep('a', 'x');
    const link = stage.connect(ann);
    publish(link, 0, 'x');
    await stage.settle();
    expect([link.end, link.all('ack').length]).toEqual([undefined, 1]);
    link.subscribe('a');
    await stage.settle();
    expect(errors(link)).toMatchObject([{ code: 'internal', stream: 'a' }]);
    quotas.spend = async (_, what, amount) =>
      await (what === 'readBytes' && amount === 1 ? Promise.resolve(undefined) : Promise.reject(new Error('no Redis')));
    stage.keep('b', 'longer than one');
    link.subscribe('b');
    await stage.settle();
    expect([link.end, link.all('data').length]).toEqual([undefined, 1]);
  });

  it('asks whether somebody may cancel, and lets go of who is no longer allowed to read', async () => {
    const { stage } = open({});
    stage.keep('a', 'x');
    const link = stage.connect(ann);
    link.say({ t: 'cancel', stream: 'a' });
    await stage.settle();
    expect((await stage.streams.info('a'))?.status).toBe('cancelled');
  });

  it('counts nothing of who is not known yet', async () => {
    const { stage, quotas } = open({ chunks: 0, frames: 0 }, { authenticate: () => undefined });
    stage.keep('a', 'x');
    const link = stage.connect();
    link.subscribe('a');
    publish(link, 0, 'x');
    await stage.settle();
    expect([link.end, quotas.spent, link.all('ack').length]).toEqual([undefined, [], 1]);
  });

  it('counts what somebody sent before he was known with what he sends next', async () => {
    const { stage } = open({ frames: 4 }, { authenticate: () => ({ id: 'ann' }) });
    const link = stage.connect();
    const ping: ClientFrame = { t: 'ping', grants: [] };
    link.say({ t: 'auth', token: 'x' }, ping, ping, ping);
    await stage.settle();
    expect(link.end).toBeUndefined();
    link.say(ping);
    await stage.settle();
    expect(link.end).toBe('4429 these credentials send as many frames as they may');
  });

  it('asks about streams again when it was asked about too many', async () => {
    let asked = 0;
    const log = createMemoryLog();
    const access = {
      may: () => true,
      check: () => undefined,
      permit: () => '1',
      checkCreate: () => ({ 'sluice.owner': 'ann' }),
      visible: (_: unknown, list: never) => list,
      checkPublish: (_: unknown, streamId: string) => {
        asked++;
        log.create(streamId);
        return log.info(streamId)!.life;
      },
    };
    const { stage } = open({}, { access, streams: createStreams({ log }) });
    const link = stage.connect(ann);
    const write = (stream: string, seq = 0) =>
      link.say({ t: 'publish', stream, producer: 'p', epoch: 0, seq, chunks: [] });
    write('first');
    write('first');
    for (let i = 0; i < 4096; i++) write(`s${i}`);
    write('first');
    expect(asked).toBe(4098);
  });

  it('asks anew once a stream was deleted elsewhere: the next of its name may be somebody else’s', async () => {
    const log = createMemoryLog();
    const streams = createStreams({ log });
    const elsewhere = createStreams({ log });
    const access = createAccess({ streams, authorize: ownersAndScopes });
    const { stage } = open({}, { access, streams });
    const link = stage.connect(ann);
    publish(link, 0, 'mine');
    link.subscribe('s', 'beginning', 0, 0);
    await stage.settle();
    await elsewhere.delete('s');
    await elsewhere.create('s', { metadata: { 'sluice.owner': 'bob' } });
    await elsewhere.append('s', encodedTexts('his', 'too'));
    link.say({ t: 'credit', ch: 0, chunks: 9, bytes: 99 });
    link.say({ t: 'publish', stream: 's', producer: 'q', epoch: 0, seq: 0, chunks: textBodies('forged') });
    await stage.settle();
    expect(errors(link).map(({ code, ch, producer }) => [code, ch ?? producer])).toEqual([
      ['forbidden', 'q'],
      ['stream-not-found', 0],
    ]);
    expect([link.all('data'), (await streams.info('s'))?.next]).toEqual([[], 2]);
  });

  it('does not take an answer for what was deleted while it was on its way', async () => {
    const answers: ((life: string) => void)[] = [];
    const access = {
      may: () => true,
      check: () => undefined,
      permit: () => '1',
      checkCreate: () => ({ 'sluice.owner': 'ann' }),
      visible: (_: unknown, list: never) => list,
      checkPublish: async () => await new Promise<string>((resolve) => answers.push(resolve)),
    };
    const { stage } = open({}, { access });
    stage.keep('s');
    const { life } = (await stage.streams.info('s'))!;
    const link = stage.connect(ann);
    publish(link, 0, 'a');
    await stage.streams.delete('s');
    answers[0]!(life);
    await stage.settle();
    expect([answers.length, await stage.streams.info('s')]).toEqual([2, undefined]);
    // What comes meanwhile waits for the same answer.
    publish(link, 1, 'b');
    expect(answers).toHaveLength(2);
  });

  it('sends nothing again of a stream that was deleted once all of it was read', async () => {
    const { stage } = open({});
    stage.keep('s', 'mine');
    stage.end('s');
    const link = stage.connect(ann);
    link.subscribe('s');
    await stage.settle();
    await stage.streams.delete('s');
    stage.keep('s', 'his');
    link.say({ t: 'nack', ch: 0, ranges: [[0, 1]] });
    await stage.settle();
    expect([link.all('data').length, errors(link)]).toEqual([1, []]);
  });
});
