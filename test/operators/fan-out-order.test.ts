import fc from 'fast-check';
import { defer, Subject, type Subscription } from 'rxjs';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { fanOut, gate } from '../../operators/index.js';
import { type Gap, StreamError } from '../../src/chunk/index.js';
import { createFlow, type Flow, type Lane } from '../../src/flow/index.js';
import { item, type Item } from './alphabet.js';
import { NaiveHub, type Entry, type HubRules, type NaiveReader, type Pace } from './naive-hub.js';

/** One subscriber: it takes all at once, or is busy with each item until told to go on. */
class Reader {
  readonly got: Entry[] = [];
  onNext: () => void = () => {};
  private subscription: Subscription | undefined;
  private lane: Lane | undefined;

  constructor(
    private readonly pace: Pace,
    private readonly capacity: number,
    private readonly upstream: Flow,
  ) {}

  join(shared: ReturnType<typeof hubOf>['shared']): void {
    const flow = createFlow();
    const lane = flow.lane({ name: 'reader', window: 1 });
    const { capacity, upstream } = this;
    const gates = {
      block: gate<Item>({ flow, capacity, upstream }),
      drop: gate<Item>({ flow, capacity, overflow: 'drop-oldest', announce: true }),
      strict: gate<Item>({ flow, capacity }),
    };
    const paced = this.pace === 'fast' ? shared : shared.pipe(gates[this.pace]);
    if (this.pace !== 'fast') this.lane = lane;
    // Known before it is subscribed, because it may leave while it is.
    this.subscription = new Subject<void>().subscribe();
    this.subscription.add(
      paced.subscribe({
        next: (each) => this.take(each),
        error: (error: unknown) => this.got.push(error instanceof StreamError ? error.code : 'failed'),
        complete: () => this.got.push('completed'),
      }),
    );
  }

  work(): void {
    if (this.lane !== undefined && this.lane.held > 0) this.lane.release();
  }

  leave(): void {
    this.subscription!.unsubscribe();
  }

  private take(each: Item | Gap): void {
    this.got.push('kind' in each ? [each.from, each.to] : each.seq);
    this.lane?.hold();
    this.onNext();
  }
}

function hubOf({ count, graceMs, retainMs }: HubRules) {
  let source = new Subject<Item>();
  const options = { graceMs, retainMs, ...(count === 0 ? {} : { replay: { count } }) };
  const shared = defer(() => (source = new Subject<Item>())).pipe(fanOut(options));
  return { shared, source: () => source };
}

const pace = fc.constantFrom<Pace>('fast', 'block', 'drop', 'strict');
const who = fc.nat({ max: 7 });
const step = fc.oneof(
  { weight: 4, arbitrary: fc.record({ do: fc.constant('next' as const) }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('work' as const), who }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('join' as const), pace }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('leave' as const), who }) },
);
const turn = fc.oneof(
  { weight: 12, arbitrary: step },
  { weight: 1, arbitrary: fc.record({ do: fc.constantFrom('complete' as const, 'error' as const, 'wait' as const) }) },
);
const rules = fc.record({
  count: fc.nat({ max: 4 }),
  capacity: fc.integer({ min: 1, max: 3 }),
  graceMs: fc.constantFrom(0, 1000),
  retainMs: fc.constantFrom(0, 1000),
});

describe('what the subscribers of fanOut see', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  it('is what the plainest program would show them, whoever is slow, comes, and goes', () => {
    fc.assert(
      fc.property(rules, fc.array(turn, { maxLength: 60, size: 'max' }), (hubRules, turns) => {
        const { shared, source } = hubOf(hubRules);
        const upstream = createFlow();
        const naive = new NaiveHub(hubRules);
        const pairs: { reader: Reader; model: NaiveReader }[] = [];
        let seq = 0;
        for (const each of turns) {
          const pair = 'who' in each ? pairs[each.who % Math.max(1, pairs.length)] : undefined;
          if (each.do === 'next' && upstream.open) {
            source().next(item(seq));
            naive.next(seq++);
          } else if (each.do === 'join') {
            const reader = new Reader(each.pace, hubRules.capacity, upstream);
            pairs.push({ reader, model: naive.join(each.pace) });
            reader.join(shared);
          } else if (each.do === 'work') {
            pair?.reader.work();
            pair?.model.work();
          } else if (each.do === 'leave') {
            pair?.reader.leave();
            if (pair !== undefined) naive.leave(pair.model);
          } else if (each.do === 'wait') {
            vi.advanceTimersByTime(1000);
            naive.wait();
          } else if (each.do !== 'next') {
            source()[each.do](undefined);
            naive.end(each.do === 'complete' ? 'completed' : 'failed');
          }
          for (const { reader, model } of pairs) expect(reader.got).toEqual(model.got);
          expect(upstream.open).toBe(pairs.every(({ model }) => !model.stopsSource));
        }
        for (const { reader } of pairs) reader.leave();
        vi.runAllTimers();
      }),
      { numRuns: 500 },
    );
  });

  it('is one unbroken run of one order, or a gap where it lost, also when all happens inside next', () => {
    fc.assert(
      fc.property(
        rules,
        fc.array(step, { maxLength: 80, size: 'max' }),
        fc.array(fc.boolean(), { size: 'max', maxLength: 80 }),
        (hubRules, steps, inside) => {
          const { shared, source } = hubOf(hubRules);
          const upstream = createFlow();
          const readers: { reader: Reader; from: number; left: boolean }[] = [];
          const script = [...steps];
          const nested = [...inside];
          let seq = 0;
          const join = (joining: Pace) => {
            const reader = new Reader(joining, hubRules.capacity, upstream);
            const seen = readers[0]?.reader.got.length ?? 0;
            readers.push({ reader, from: Math.max(0, seen - hubRules.count), left: false });
            reader.onNext = () => nested.pop() === true && act();
            reader.join(shared);
          };
          const act = () => {
            const each = script.shift();
            // The first one stays, and is the witness of the order.
            const one = each !== undefined && 'who' in each ? readers[1 + each.who] : undefined;
            if (each?.do === 'next' && upstream.open) source().next(item(seq++));
            else if (each?.do === 'join') join(each.pace);
            else if (each?.do === 'work') one?.reader.work();
            else if (each?.do === 'leave' && one !== undefined) {
              one.left = true;
              one.reader.leave();
            }
          };
          join('fast');
          while (script.length > 0) act();
          for (const { reader } of readers) for (let n = 0; n < 100; n++) reader.work();
          expect(readers[0]!.reader.got).toEqual(Array.from({ length: seq }, (_, n) => n));
          for (const { reader, from, left } of readers) {
            let next = from;
            // Too slow, or for what was fed in, which no source could be stopped for.
            const letGo = /^(overflow|backpressure-broken)$/.test(String(reader.got.at(-1)));
            for (const entry of letGo ? reader.got.slice(0, -1) : reader.got) {
              const [start, end] = typeof entry === 'number' ? [entry, entry + 1] : (entry as [number, number]);
              expect(start).toBe(next);
              next = end;
            }
            if (!left && !letGo) expect(next).toBe(seq);
          }
        },
      ),
      { numRuns: 500 },
    );
  });
});
