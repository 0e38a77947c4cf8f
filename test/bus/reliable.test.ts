import { describe, expect, it } from 'vitest';
import { messageText } from '../../src/bus/message.js';
import { type ReceiveOptions, reliable, type SenderOptions } from '../../src/bus/reliable.js';
import { createChunk } from '../../src/chunk/index.js';
import type { ProbeEvent } from '../../src/probe/index.js';
import { streamError } from '../operators/alphabet.js';
import { VirtualTime } from '../virtual-time.js';
import { chances, RoughBus, type Roughness } from './rough-bus.js';

const rough: Roughness = { loss: 0.2, duplication: 0.1, delayMs: 40 };

function stage(roughness: Roughness = {}, seed = 1) {
  const time = new VirtualTime();
  const random = chances(seed);
  const bus = new RoughBus(time, random, roughness);
  const { sender, receive } = reliable(bus);
  const got: unknown[] = [];
  const follow = (options: ReceiveOptions = {}) =>
    receive('t', { scheduler: time, random, ...options }).subscribe({
      next: ({ data }) => void got.push(data),
      error: (error: unknown) => void got.push(error),
      complete: () => void got.push('completed'),
    });
  const send = (options: SenderOptions = {}) => sender('t', { scheduler: time, id: 'one', ...options });
  return { time, bus, got, follow, send };
}

const numbers = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => from + i);

describe('reliable', () => {
  it('brings everything, once and in order, over a bus that loses, repeats and reorders', async () => {
    for (let seed = 1; seed <= 40; seed++) {
      const { time, got, follow, send } = stage(rough, seed);
      follow();
      const sender = send();
      for (let item = 0; item < 200; item++) {
        sender.send(item);
        if (item % 7 === 0) await time.pass(1);
      }
      const closed = sender.close();
      await time.until(closed);
      expect(got, `seed ${seed}`).toEqual([...numbers(0, 200), 'completed']);
    }
  });

  it('finds a lost tail by the heartbeat, without an end', async () => {
    const { time, bus, got, follow, send } = stage();
    follow();
    const sender = send({ heartbeatMs: 100 });
    await time.pass(1);
    sender.send('a');
    await time.pass(1);
    bus.roughness = { loss: 1 };
    sender.send('b');
    await time.pass(1);
    bus.roughness = {};
    expect(got).toEqual(['a']);
    await time.pass(300);
    expect(got).toEqual(['a', 'b']);
    sender.dispose();
  });

  it('asks for exactly what is missing', async () => {
    const { time, bus, follow, send } = stage();
    follow();
    const sender = send();
    await time.pass(1);
    for (const item of numbers(0, 6)) {
      bus.roughness = { loss: item === 2 || item === 3 ? 1 : 0 };
      sender.send(item);
    }
    bus.published.length = 0;
    await time.pass(60);
    const asked = bus.published.filter(({ topic }) => topic === 't/requests').map(({ message }) => JSON.parse(message));
    expect(asked).toEqual([{ t: 'nack', to: 'one', ranges: [{ from: 2, to: 4 }] }]);
    sender.dispose();
  });

  it('fails by name when the sender no longer keeps what is missing', async () => {
    const { time, bus, got, follow, send } = stage();
    follow();
    const sender = send({ keepChunks: 10 });
    await time.pass(1);
    bus.roughness = { loss: 1 };
    for (const item of numbers(0, 20)) sender.send(item);
    bus.roughness = {};
    sender.send(20);
    await time.pass(200);
    expect(got).toEqual([streamError('gap', 'chunks 0 to 10')]);
    sender.dispose();
  });

  it('goes on behind what cannot be had, when told to', async () => {
    const { time, bus, got, follow, send } = stage();
    follow({ onGap: 'skip' });
    const sender = send({ keepChunks: 2 });
    await time.pass(1);
    bus.roughness = { loss: 1 };
    for (const item of numbers(0, 5)) sender.send(item);
    bus.roughness = {};
    sender.send(5);
    await time.pass(200);
    expect(got).toEqual([4, 5]);
    sender.dispose();
  });

  it('gives one who comes late all that is kept, however much was sent before', async () => {
    const { time, got, follow, send } = stage();
    const sender = send({ keepChunks: 10 });
    await time.pass(1);
    for (const item of numbers(0, 100)) sender.send(item);
    await time.pass(1);
    follow({ window: 50, onGap: 'skip' });
    await time.pass(1500);
    expect(got).toEqual(numbers(90, 100));
    sender.dispose();
  });

  it('fails when the sender falls silent', async () => {
    const { time, got, follow, send } = stage();
    follow({ silenceMs: 2000 });
    const sender = send();
    await time.pass(1);
    sender.send('a');
    await time.pass(5000);
    expect(got, 'a heartbeat is a sign of life').toEqual(['a']);
    sender.dispose();
    await time.pass(2600);
    expect(got).toEqual(['a', streamError('idle-timeout')]);
  });

  it.each([
    ['failed', 'stream-failed'],
    ['cancelled', 'stream-cancelled'],
  ] as const)('ends as the sender does: %s', async (status, code) => {
    const { time, got, follow, send } = stage();
    follow();
    const sender = send();
    await time.pass(1);
    sender.send('a');
    await time.until(sender.close(status, 'out of paper'));
    expect(got).toEqual(['a', streamError(code, 'out of paper')]);
  });

  it('begins where a late reader asks: at what comes by, or with all that is kept', async () => {
    const { time, got, follow, send } = stage();
    const sender = send();
    await time.pass(1);
    for (const item of ['a', 'b', 'c']) sender.send(item);
    await time.pass(1);
    follow({ start: 'first' });
    await time.pass(1);
    sender.send('d');
    await time.pass(100);
    expect(got.splice(0)).toEqual(['d']);
    follow();
    await time.pass(1100);
    expect(got).toEqual(['a', 'b', 'c', 'd']);
    sender.dispose();
  });

  it('has a spoilt chunk sent again', async () => {
    const { time, bus, got, follow, send } = stage();
    const events: ProbeEvent[] = [];
    follow({ probe: (event) => void events.push(event) });
    const sender = send();
    await time.pass(1);
    bus.spoil = (message) => message.replace('whale', 'shark');
    sender.send('a whale');
    await time.pass(1);
    bus.spoil = (message) => message;
    await time.pass(1200);
    expect(got).toEqual(['a whale']);
    expect(events.map(({ type }) => type)).toContain('corrupt');
    sender.dispose();
  });

  it('follows one sender, and takes no notice of what is none of its messages', async () => {
    const { time, bus, got, follow, send } = stage();
    follow();
    const sender = send();
    await time.pass(1);
    sender.send('a');
    await time.pass(1);
    const chunk = createChunk({ streamId: 't', seq: 1, data: 'theirs', checksum: true });
    bus.publish('t', messageText({ t: 'chunk', from: 'another', chunk }));
    bus.publish('t', 'not even JSON');
    bus.publish('t', messageText({ t: 'nack', to: 'one', ranges: [] }));
    bus.publish('t/requests', messageText({ t: 'nack', to: 'another', ranges: [{ from: 0, to: 1 }] }));
    bus.publish('t/requests', '{}');
    await time.pass(1);
    sender.send('b');
    await time.pass(1);
    expect(got).toEqual(['a', 'b']);
    expect(bus.published.filter(({ message }) => message.includes('"data":"a"'))).toHaveLength(1);
    sender.dispose();
  });

  it('goes on when the bus cannot send for a while', async () => {
    const { time, bus, got, follow, send } = stage();
    follow();
    const sender = send();
    await time.pass(1);
    bus.broken = new Error('no connection');
    sender.send('a');
    await time.pass(100);
    bus.broken = undefined;
    sender.send('b');
    await time.pass(1);
    bus.broken = new Error('no connection');
    await time.pass(100);
    bus.broken = undefined;
    await time.until(sender.close());
    expect(got).toEqual(['a', 'b', 'completed']);
  });

  it('fails when the bus cannot even be listened to', async () => {
    const { time, bus, got, follow, send } = stage();
    bus.subscribe = () => Promise.reject(new Error('no connection'));
    follow();
    const sender = send();
    await time.pass(1);
    expect(got).toEqual([new Error('no connection')]);
    sender.dispose();
  });

  it('lets everything go when nobody reads or sends', async () => {
    const { time, bus, follow, send } = stage();
    const subscription = follow();
    const sender = send();
    await time.pass(1);
    sender.send('a');
    await time.pass(1);
    subscription.unsubscribe();
    sender.dispose();
    await time.pass(1);
    expect([...bus.listeners.values()].map(({ size }) => size)).toEqual([0, 0]);
    expect(time.actions.filter(({ closed }) => !closed)).toEqual([]);
  });

  it.each([
    ['window', { window: 0 }],
    ['silenceMs', { silenceMs: 0 }],
  ])('refuses a wrong %s', (name, options) => {
    expect(() => stage().follow(options)).toThrow(name);
  });
});
