import { describe, expect, it } from 'vitest';
import { snapshots } from '../../src/streams/snapshot-store.js';
import { textBodies } from '../bodies.js';
import { GatewayStage, logKinds } from './stage.js';

describe.each(logKinds)('a gateway over a %s', (kind) => {
  it('gives who comes late one message for ten thousand tokens', async () => {
    const stage = new GatewayStage(kind);
    const tokens = Array.from({ length: 10_000 }, (_, i) => `token ${i} `);
    stage.keep('s', ...tokens);
    stage.end('s');
    const link = stage.connect();
    await stage.settle();
    const before = link.messages;
    link.subscribe('s', 'snapshot');
    // To read them all takes as many turns as it takes.
    for (let turns = 0; turns < 100; turns++) await stage.settle();
    const [answer, ...others] = link.words();
    expect(answer === `subscribed stream=s from=snapshot ch=0 seq=10000 chunks=${tokens.join('')}`).toBe(true);
    expect(others).toEqual(['end ch=0 seq=10000 status=completed']);
    expect(link.messages - before).toBeLessThanOrEqual(2);
    await stage.streams.dispose();
  });

  it('sends what comes behind it, and again what is lost of that', async () => {
    const stage = new GatewayStage(kind);
    stage.keep('s', 'a', 'b');
    const link = stage.connect();
    link.subscribe('s', 'snapshot');
    await stage.settle();
    stage.keep('s', 'c');
    await stage.settle();
    link.say({ t: 'nack', ch: 0, ranges: [[2, 3]] });
    await stage.settle();
    expect(link.words()).toEqual([
      'subscribed stream=s from=snapshot ch=0 seq=2 chunks=ab',
      'data ch=0 seq=2 chunks=c',
      'data ch=0 seq=2 chunks=c',
    ]);
    await stage.streams.dispose();
  });

  it('begins at the beginning where there is no snapshot', async () => {
    const stage = new GatewayStage(kind);
    stage.kept.create('empty');
    const link = stage.connect();
    link.subscribe('empty', 'snapshot');
    link.subscribe('nobody', 'snapshot');
    await stage.settle();
    expect(link.words().toSorted()).toEqual([
      'error code=stream-not-found message=there is no stream "nobody" stream=nobody',
      'subscribed stream=empty from=snapshot ch=0 seq=0',
    ]);
    await stage.streams.dispose();
  });

  it('lets nobody write what it trusts', async () => {
    const stage = new GatewayStage(kind);
    const link = stage.connect();
    const stream = `${snapshots}/assembled/0/s`;
    link.say(
      { t: 'publish', stream, producer: 'p', epoch: 0, seq: 0, chunks: textBodies('lies') },
      { t: 'cancel', stream },
    );
    await stage.settle();
    expect(link.all('error').map(({ code }) => code)).toEqual(['name-invalid', 'name-invalid']);
    expect(stage.kept.list()).toEqual([]);
  });
});
