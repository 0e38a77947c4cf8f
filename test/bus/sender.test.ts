import type { SchedulerLike } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { createMemoryBus } from '../../src/bus/memory.js';
import { BusSender, requestTopic } from '../../src/bus/sender.js';
import { VirtualTime } from '../virtual-time.js';

function stage(options: object = {}) {
  const time = new VirtualTime();
  const bus = createMemoryBus();
  const said: { t: string; seq?: number; chunk?: { seq: number } }[] = [];
  void bus.subscribe('t', (message) => void said.push(JSON.parse(message)));
  const sender = new BusSender(bus, 't', { id: 'one', heartbeatMs: 100, lingerMs: 300, scheduler: time, ...options });
  const ask = (...ranges: { from: number; to: number }[]) =>
    void bus.publish(requestTopic('t'), JSON.stringify({ t: 'nack', to: 'one', ranges }));
  return { time, bus, said, sender, ask };
}

const words = (said: ReturnType<typeof stage>['said']) =>
  said.splice(0).map(({ t, seq, chunk }) => `${t} ${chunk?.seq ?? seq ?? ''}`.trim());

describe('BusSender', () => {
  it('breaks silence, and only silence', async () => {
    const { time, said, sender } = stage();
    await time.pass(100);
    expect(words(said)).toEqual(['mark 0']);
    sender.send('a');
    await time.pass(100);
    expect(words(said)).toEqual(['chunk 0']);
    await time.pass(100);
    expect(words(said)).toEqual(['mark 1']);
    sender.dispose();
  });

  it('has one timer, however long it beats', async () => {
    const time = new VirtualTime();
    let timers = 0;
    const schedule = ((...of: Parameters<VirtualTime['schedule']>) => {
      timers++;
      return time.schedule(...of);
    }) as SchedulerLike['schedule'];
    const sender = new BusSender(createMemoryBus(), 't', {
      heartbeatMs: 100,
      scheduler: { now: () => time.now(), schedule },
    });
    await time.pass(1000);
    expect(timers).toBe(1);
    sender.dispose();
  });

  it('keeps no more than it may, by count and by bytes, and always the last', async () => {
    const { sender } = stage({ keepChunks: 3 });
    for (let i = 0; i < 10; i++) sender.send('x');
    const three = sender.bytes;
    sender.send('x');
    expect(sender.bytes).toBe(three + 1);
    const tight = stage({ keepBytes: 10 }).sender;
    tight.send('x'.repeat(100));
    expect(tight.bytes).toBeGreaterThan(100);
    tight.send('y');
    expect(tight.bytes).toBeLessThan(300);
  });

  it('sends again what it keeps, and says what it does not', async () => {
    const { time, said, sender, ask } = stage({ keepChunks: 2 });
    await time.pass(1);
    for (const item of ['a', 'b', 'c']) sender.send(item);
    await time.pass(1);
    words(said);
    ask({ from: 0, to: 2 }, { from: 2, to: 9 });
    await time.pass(1);
    expect(words(said)).toEqual(['lost', 'chunk 1', 'chunk 2']);
    sender.dispose();
    ask({ from: 1, to: 2 });
    await time.pass(1);
    expect(words(said)).toEqual([]);
  });

  it('sends nothing twice for one request', async () => {
    const { time, said, sender, ask } = stage();
    await time.pass(1);
    for (const item of ['a', 'b', 'c']) sender.send(item);
    await time.pass(1);
    words(said);
    ask(...Array.from({ length: 256 }, () => ({ from: 0, to: 9 })));
    await time.pass(1);
    expect(words(said)).toEqual(['chunk 0', 'chunk 1', 'chunk 2']);
    sender.dispose();
  });

  it('repeats the end as long as it lingers, sends again meanwhile, then is gone', async () => {
    const { time, said, sender, ask } = stage();
    await time.pass(1);
    sender.send('a');
    const closed = sender.close();
    await time.pass(150);
    ask({ from: 0, to: 1 });
    await time.until(closed);
    expect(words(said)).toEqual(['chunk 0', 'end 1', 'end 1', 'chunk 0', 'end 1', 'end 1']);
    await time.pass(500);
    expect(words(said)).toEqual([]);
    await sender.close();
  });

  it('stops lingering when it is disposed', async () => {
    const { sender } = stage();
    const closed = sender.close();
    sender.dispose();
    await closed;
    expect(sender.bytes).toBe(0);
  });

  it('takes nothing once it is closed', () => {
    for (const end of ['close', 'dispose'] as const) {
      const { sender } = stage();
      void sender[end]();
      expect(() => sender.send('late')).toThrow(expect.objectContaining({ code: 'stream-closed' }));
    }
  });

  it('refuses what is no data, and counts on without it', () => {
    const { sender } = stage();
    expect(() => sender.send(undefined as never)).toThrow(expect.objectContaining({ code: 'chunk-invalid' }));
    sender.send('a');
    expect(sender.next).toBe(1);
  });

  it.each(['keepChunks', 'keepBytes', 'heartbeatMs', 'lingerMs'])('refuses a wrong %s', (name) => {
    expect(() => stage({ [name]: -1 })).toThrow(name);
  });

  it('refuses a topic that is no path', () => {
    expect(() => new BusSender(createMemoryBus(), '..', {})).toThrow(expect.objectContaining({ code: 'name-invalid' }));
  });

  it('names itself when nobody names it', () => {
    const [one, other] = [0, 1].map(() => new BusSender(createMemoryBus(), 't', { scheduler: new VirtualTime() }));
    expect(one!.id).not.toBe(other!.id);
  });
});
