import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { GatewayStage, logKinds, type TestLink } from './stage.js';

/** Something that happens to one of two streams, or to one of three connections. */
const event = fc.oneof(
  fc.record({ do: fc.constant('keep'), stream: fc.nat(1), count: fc.integer({ min: 1, max: 5 }) }),
  fc.record({ do: fc.constant('subscribe'), link: fc.nat(2), stream: fc.nat(1), chunks: fc.nat(6) }),
  fc.record({ do: fc.constant('credit'), link: fc.nat(2), stream: fc.nat(1), chunks: fc.nat(20) }),
  fc.record({ do: fc.constant('unsubscribe'), link: fc.nat(2), stream: fc.nat(1) }),
  fc.record({ do: fc.constant('block'), link: fc.nat(2) }),
  fc.record({ do: fc.constant('crowd'), link: fc.nat(2) }),
  fc.record({ do: fc.constant('drain'), link: fc.nat(2) }),
  fc.record({ do: fc.constant('end'), stream: fc.nat(1) }),
  fc.record({ do: fc.constant('turn') }),
  fc.record({ do: fc.constant('answer') }),
) as fc.Arbitrary<{ do: string; stream: number; link: number; chunks: number; count: number }>;

/** What one connection has of one stream since it last subscribed. */
function received(link: TestLink, streamId: string): { seqs: number[]; ended: number[] } {
  const { frames } = link;
  const from = frames.findLastIndex((frame) => frame.t === 'subscribed' && frame.stream === streamId);
  const seqs: number[] = [];
  const ended: number[] = [];
  if (from < 0) return { seqs, ended };
  const { ch } = frames[from] as { ch: number };
  for (const frame of frames.slice(from)) {
    if (frame.t === 'data' && frame.ch === ch) seqs.push(...frame.chunks.map((_, i) => frame.seq + i));
    if (frame.t === 'end' && frame.ch === ch) ended.push(frame.seq);
  }
  return { seqs, ended };
}

describe.each(logKinds)('a gateway over a %s', (kind) => {
  it('brings every reader everything once, in order, and to the end, whatever happens when', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(event, { maxLength: 60 }), fc.infiniteStream(fc.nat(999)), async (events, chance) => {
        const stage = new GatewayStage(kind, { random: () => chance.next().value / 1000 });
        const links = [stage.connect(), stage.connect(), stage.connect()];
        for (const name of ['s0', 's1']) stage.keep(name);
        await stage.settle();
        const granted = new Map<string, number>();
        const ended = new Set<number>();
        const reads = (one: { link: number; stream: number }) => `${one.link} ${one.stream}`;
        for (const one of events) {
          const link = links[one.link]!;
          const name = `s${one.stream}`;
          if (one.do === 'keep' && !ended.has(one.stream)) stage.keep(name, ...Array<string>(one.count).fill('x'));
          if (one.do === 'end' && !ended.has(one.stream)) {
            ended.add(one.stream);
            stage.end(name);
          }
          if (one.do === 'subscribe' && !granted.has(reads(one))) {
            granted.set(reads(one), one.chunks);
            link.subscribe(name, 0, one.chunks, 1000);
          }
          if (one.do === 'credit' && link.all('subscribed').some(({ stream }) => stream === name)) {
            link.say({ t: 'credit', ch: link.channel(name), chunks: one.chunks, bytes: 1000 });
            if (granted.has(reads(one))) granted.set(reads(one), Math.max(granted.get(reads(one))!, one.chunks));
          }
          if (one.do === 'unsubscribe' && granted.has(reads(one))) {
            // What is not answered yet cannot be left.
            await stage.settle();
            if (!link.writable) continue;
            link.say({ t: 'unsubscribe', ch: link.channel(name) });
            granted.delete(reads(one));
          }
          if (one.do === 'block') link.writable = false;
          if (one.do === 'crowd') link.room = 0;
          if (one.do === 'drain') {
            link.writable = true;
            link.room = Infinity;
            link.events.drained();
          }
          if (one.do === 'turn') stage.turn();
          if (one.do === 'answer') {
            stage.late?.answerOne();
            await Promise.resolve();
          }
          for (const key of granted.keys()) {
            const [reader, stream] = key.split(' ').map(Number) as [number, number];
            expect(received(links[reader]!, `s${stream}`).seqs.length).toBeLessThanOrEqual(granted.get(key)!);
          }
        }
        for (const link of links) {
          link.writable = true;
          link.room = Infinity;
          link.events.drained();
        }
        await stage.settle();
        for (const [i, name] of ['s0', 's1'].entries()) if (!ended.has(i)) stage.end(name);
        await stage.settle();
        for (const key of granted.keys()) {
          const [reader, stream] = key.split(' ').map(Number) as [number, number];
          const link = links[reader]!;
          const name = `s${stream}`;
          link.say({ t: 'credit', ch: link.channel(name), chunks: 1_000_000, bytes: 1_000_000 });
          await stage.settle();
          const { next } = stage.kept.info(name)!;
          const { seqs, ended: ends } = received(link, name);
          expect(seqs).toEqual(Array.from({ length: next }, (_, seq) => seq));
          expect(ends).toEqual([next]);
        }
      }),
      { numRuns: 150 },
    );
  });
});
