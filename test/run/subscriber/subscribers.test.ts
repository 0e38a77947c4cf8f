import { Subject, VirtualTimeScheduler } from 'rxjs';
import {
  type AttachOptions,
  callbackSubscriber,
  createSubscribers,
  pipeline,
  type Subscriber,
  type SubscriberEvent,
} from 'sluice/run';
import { describe, expect, it } from 'vitest';
import { stage } from '../stage.js';

const turn = async (): Promise<void> => await new Promise((resolve) => setTimeout(resolve));

/** Subscribers of numbers, and what happens to them. */
function numbers() {
  const scheduler = new VirtualTimeScheduler();
  const subscribers = createSubscribers<number>({ scheduler });
  const happened: SubscriberEvent[] = [];
  subscribers.events.subscribe((event) => happened.push(event));
  const listen = (options: AttachOptions<number> = {}) => {
    const seen: number[] = [];
    const attachment = subscribers.attach(
      callbackSubscriber((n) => void seen.push(n)),
      options,
    );
    return { seen, attachment };
  };
  return { subscribers, scheduler, happened, listen };
}

describe('createSubscribers', () => {
  it('gives every subscriber what comes while it is attached', async () => {
    const { subscribers, happened, listen } = numbers();
    const first = listen({ name: 'first' });
    subscribers.next(1);
    const second = listen();
    subscribers.next(2);
    expect(subscribers.size).toBe(2);
    await first.attachment.detach();
    subscribers.next(3);
    await first.attachment.detach();
    subscribers.complete();
    await subscribers.close();
    expect([first.seen, second.seen, subscribers.size]).toEqual([[1, 2], [2, 3], 0]);
    expect(happened).toEqual([
      { type: 'subscriber-attached', name: 'first' },
      { type: 'subscriber-attached', name: 'subscriber 1' },
      { type: 'subscriber-detached', name: 'first', taken: 2 },
      { type: 'subscriber-detached', name: 'subscriber 1', taken: 2 },
    ]);
    expect(second.attachment.name).toBe('subscriber 1');
  });

  it('gives a subscriber only what it wants', () => {
    const { subscribers, listen, happened } = numbers();
    const { seen } = listen({ filter: (n) => n % 2 === 0 });
    for (const n of [1, 2, 3, 4]) subscribers.next(n);
    expect(seen).toEqual([2, 4]);
    listen({
      name: 'odd',
      filter: () => {
        throw new Error('no');
      },
    });
    subscribers.next(6);
    expect(seen).toEqual([2, 4, 6]);
    expect(happened.at(-1)).toMatchObject({ type: 'subscriber-failed', name: 'odd', code: 'callback-failed' });
  });

  it.each<[string, () => Promise<void>]>([
    [
      'throws',
      () => {
        throw new Error('no');
      },
    ],
    ['rejects', () => Promise.reject(new Error('no'))],
  ])('cuts off one that %s, alone', async (_, take) => {
    const { subscribers, happened, listen } = numbers();
    const { seen } = listen();
    let closed = 0;
    subscribers.attach({ take, close: () => void closed++ }, { name: 'bad' });
    subscribers.next(1);
    await turn();
    subscribers.next(2);
    expect(seen).toEqual([1, 2]);
    expect(happened.at(-1)).toEqual({
      type: 'subscriber-failed',
      name: 'bad',
      code: 'callback-failed',
      message: 'subscriber: a callback threw: no',
      taken: 0,
      lost: 1,
    });
    expect([subscribers.size, closed]).toEqual([1, 1]);
  });

  it('cuts off one that is too slow, and lets nobody wait for it', async () => {
    const { subscribers, happened, listen } = numbers();
    const { seen } = listen();
    subscribers.attach(
      { take: () => new Promise(() => {}), close: () => Promise.reject(new Error('unheard')) },
      { name: 'slow', capacity: 3 },
    );
    for (let n = 0; n < 4; n++) subscribers.next(n);
    expect(happened.at(-1)).toMatchObject({ type: 'subscriber-attached' });
    subscribers.next(4);
    expect(happened.at(-1)).toEqual({
      type: 'subscriber-failed',
      name: 'slow',
      code: 'overflow',
      message: 'it is too slow: 3 events wait for it',
      taken: 0,
      lost: 4,
    });
    subscribers.next(5);
    expect(seen).toEqual([0, 1, 2, 3, 4, 5]);
    await turn();
  });

  it('cuts off one that never comes back', async () => {
    const { subscribers, scheduler, happened } = numbers();
    let letGo!: () => void;
    const held = new Promise<void>((resolve) => (letGo = resolve));
    subscribers.attach({ take: () => held }, { name: 'held', patienceMs: 10 });
    const patient: Subscriber<number> = { take: () => held };
    subscribers.attach(patient, { name: 'patient', patienceMs: Infinity });
    subscribers.next(1);
    scheduler.flush();
    expect(happened.at(-1)).toMatchObject({
      name: 'held',
      code: 'idle-timeout',
      message: 'it has taken more than 10 ms',
    });
    letGo();
    await turn();
    await subscribers.close();
    expect(happened.at(-1)).toEqual({ type: 'subscriber-detached', name: 'patient', taken: 1 });
  });

  it('lets one that leaves have what waits for it, in batches, and then closes it', async () => {
    const { subscribers, happened } = numbers();
    const batches: (readonly number[] | string)[] = [];
    const attachment = subscribers.attach(
      {
        take: async (batch) => {
          await turn();
          batches.push(batch);
        },
        close: async () => {
          await turn();
          batches.push('closed');
        },
      },
      { maxBatch: 2, name: 'batches' },
    );
    for (let n = 0; n < 4; n++) subscribers.next(n);
    const gone = attachment.detach();
    subscribers.next(9);
    await gone;
    expect(batches).toEqual([[0], [1, 2], [3], 'closed']);
    expect(happened.at(-1)).toEqual({ type: 'subscriber-detached', name: 'batches', taken: 4 });
  });

  it('says of one that cannot be closed that it failed', async () => {
    const { subscribers, happened } = numbers();
    let calls = 0;
    const attachment = subscribers.attach(
      {
        take: () => {},
        close: () => {
          calls++;
          throw new Error('no');
        },
      },
      { name: 'stuck' },
    );
    subscribers.next(1);
    await attachment.detach();
    expect(happened.at(-1)).toMatchObject({ type: 'subscriber-failed', name: 'stuck', taken: 1, lost: 0 });
    expect(calls).toBe(1);
  });

  it('is not confused by one that adds events while it takes them', () => {
    const { subscribers } = numbers();
    const seen: number[] = [];
    subscribers.attach(
      callbackSubscriber((n) => {
        seen.push(n);
        if (n < 3) subscribers.next(n + 1);
      }),
    );
    subscribers.next(1);
    expect(seen).toEqual([1, 2, 3]);
  });

  it('closes all with the source, also when that fails, and takes the events of a run', async () => {
    const { subscribers, listen, happened } = numbers();
    const { seen } = listen();
    const source = new Subject<number>();
    source.subscribe(subscribers);
    source.next(1);
    source.error(new Error('lost'));
    expect([seen, happened.at(-1)?.type, subscribers.size]).toEqual([[1], 'subscriber-detached', 0]);
    const ofRun = createSubscribers();
    const types: string[] = [];
    ofRun.attach(callbackSubscriber(({ event_type: type }) => void types.push(type)));
    await stage(
      pipeline('p').step('a', () => 1),
      null,
      { sink: ofRun },
    );
    expect(types).toEqual(['pipeline_start', 'step_start', 'step_complete', 'pipeline_complete']);
  });

  it.each([
    [{ capacity: 0 }, 'capacity must be'],
    [{ maxBatch: 0 }, 'maxBatch must be'],
    [{ patienceMs: 0 }, 'patienceMs must be'],
  ])('refuses %j', (options, message) => {
    const { subscribers } = numbers();
    expect(() => subscribers.attach({ take: () => {} }, options)).toThrow(message);
  });
});
