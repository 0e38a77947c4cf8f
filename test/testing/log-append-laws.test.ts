import { describe, expect, it } from 'vitest';
import { StreamError } from '../../src/chunk/index.js';
import { appendLaws } from '../../src/testing/log-append-laws.js';
import { acknowledged, anonymous, type Defects, expectEachToFail, later, unless } from './defective-log.js';

/** Logs that break a law, and do what else it needs. */
const defects: Defects = {
  'keeps a batch that comes twice once': [
    (log) => ({ append: (id, batch, options) => log.append(id, batch, anonymous(options)) }),
    (log) => ({ append: (id, batch, options) => ({ ...log.append(id, batch, options), first: 0 }) }),
  ],
  'keeps of a batch only what is new, whatever its borders': [
    // Knows batches, not numbers.
    (log) => {
      const seen = new Set<string>();
      return {
        append(id, batch, options) {
          const key = `${options?.producer?.seq}-${batch.length}`;
          if (seen.has(key)) return { ...acknowledged, duplicates: batch.length };
          seen.add(key);
          return log.append(id, batch, anonymous(options));
        },
      };
    },
    // Finds duplicates by what is still kept.
    (log) => ({
      append(id, batch, options) {
        const { chunks } = log.read(id, 0, { chunks: 100, bytes: 1 << 20 });
        const fresh = batch.filter(({ head }) => !chunks.some((chunk) => chunk.head === head));
        return { ...log.append(id, fresh, anonymous(options)), duplicates: batch.length - fresh.length };
      },
    }),
  ],
  'tells producers apart, and keeps everything of nobody': [
    (log) => ({
      append: (id, batch, options) =>
        log.append(id, batch, options?.producer && { producer: { ...options.producer, id: 'all' } }),
    }),
    (log) => {
      const heads = new Set<string>();
      return {
        append(id, batch, options) {
          const fresh = options?.producer === undefined ? batch.filter(({ head }) => !heads.has(head)) : batch;
          for (const { head } of batch) heads.add(head);
          return log.append(id, fresh, options);
        },
      };
    },
    // One memory for all streams.
    (log) => {
      const last = new Map<string, number>();
      return {
        append(id, batch, options) {
          const { producer } = options ?? {};
          if (producer !== undefined && producer.seq < (last.get(producer.id) ?? 0))
            return { ...log.append(id, []), duplicates: batch.length };
          if (producer !== undefined) last.set(producer.id, producer.seq + batch.length);
          return log.append(id, batch);
        },
      };
    },
  ],
  'fences the lower epochs of a producer': [
    (log) => ({
      append: (id, batch, options) =>
        log.append(id, batch, options?.producer && { producer: { ...options.producer, epoch: 0 } }),
    }),
    (log) => ({
      append: (id, batch, options) =>
        unless(
          'producer-fenced',
          () => log.append(id, batch, options),
          () => acknowledged,
        ),
    }),
    // An empty append fences nobody.
    (log) => ({
      append: (id, batch, options) =>
        log.append(id, batch, batch.length === 0 && options?.producer?.epoch === 6 ? {} : options),
    }),
    (log) => ({
      append: (id, batch, options) =>
        unless(
          'producer-fenced',
          () => log.append(id, batch, options),
          () => {
            throw new StreamError('producer-fenced', 'which epoch is in force is not said');
          },
        ),
    }),
  ],
  'refuses a number ahead of the right one, and names that': [
    (log) => ({
      append: (id, batch, options) =>
        unless(
          'sequence-gap',
          () => log.append(id, batch, options),
          () => log.append(id, batch),
        ),
    }),
    (log) => ({
      append(id, batch, options) {
        const { producer } = options ?? {};
        return producer?.epoch === 1 ? log.append(id, batch) : log.append(id, batch, options);
      },
    }),
  ],
  'keeps every chunk of producers at work at the same time, in order, once': [
    // Looks, waits, and keeps.
    (log) => {
      const next = new Map<string, number>();
      return {
        append: async (id, batch, options) => {
          const { id: name, seq } = options!.producer!;
          const known = next.get(name) ?? 0;
          await later();
          if (seq < known) return { ...acknowledged, duplicates: batch.length };
          next.set(name, seq + batch.length);
          return log.append(id, batch);
        },
      };
    },
  ],
  'takes the appends of a producer that does not wait in the order of the calls': [
    (log) => ({
      append: async (id, batch, options) => {
        await later(options?.producer?.seq === 4 ? 10 : 0);
        return log.append(id, batch, options);
      },
    }),
  ],
  'counts the appends of a producer that counts them': [
    (log) => ({
      append: (id, batch, options) =>
        log.append(id, batch, options?.producer && { ...options, producer: { ...options.producer, counts: 'chunks' } }),
    }),
    // Behind the end it knows no numbers.
    (log) => ({
      append: (id, batch, options) =>
        unless(
          'stream-closed',
          () => log.append(id, batch, options),
          () => ({ ...acknowledged, expected: 0 }),
        ),
    }),
  ],
  'keeps an append only where it is to begin': [
    (log) => ({ append: (id, batch, options) => log.append(id, batch, { ...options, at: undefined as never }) }),
    // Minds only what brings chunks.
    (log) => ({
      append: (id, batch, { at, ...options } = {}) =>
        log.append(id, batch, batch.length === 0 || at === undefined ? options : { ...options, at }),
    }),
  ],
  'keeps one of several appends that are to begin at the same number': [
    (log) => ({
      async append(id, batch, { at, ...options } = {}) {
        const free = at === undefined || log.info(id)!.next === at;
        await later();
        return log.append(id, batch, free ? options : { ...options, at });
      },
    }),
  ],
  'ends a stream and keeps its last batch in one step': [
    (log) => ({
      append(id, batch, options = {}) {
        const kept = log.append(id, batch, options.producer && { producer: options.producer });
        return { ...kept, ...(options.close && { ended: log.append(id, [], { close: options.close }).ended }) };
      },
    }),
    (log) => ({
      read(id, from, limit) {
        const { end, ...slice } = log.read(id, from, limit);
        return end === undefined || from + slice.chunks.length < slice.next ? slice : { ...slice, end };
      },
    }),
    (log) => ({ append: (id, batch, options) => ({ ...log.append(id, batch, options), ended: false }) }),
  ],
  'takes nothing new and no other end behind the end': [
    (log) => ({
      append: (id, batch, options) =>
        unless(
          'stream-closed',
          () => log.append(id, batch, options),
          () => acknowledged,
        ),
    }),
    (log) => ({
      append: (id, batch, options) =>
        unless(
          'stream-cancelled',
          () => log.append(id, batch, options),
          () => {
            throw new StreamError('stream-closed', 'as always');
          },
        ),
    }),
    (log) => ({
      append: (id, batch, options) => {
        const { status } = log.info(id)!;
        return status === 'active' || batch.length > 0 ? log.append(id, batch, options) : { ...acknowledged, next: 2 };
      },
    }),
  ],
  'acknowledges behind the end what was kept before it': [
    (log) => ({
      append(id, batch, options) {
        if (log.info(id)!.status === 'active') return log.append(id, batch, options);
        throw new StreamError('stream-cancelled', 'whatever it is');
      },
    }),
    (log) => ({
      append: (id, batch, options) => ({ ...log.append(id, batch, options), ended: options?.close !== undefined }),
    }),
    (log) => {
      let reason: string | undefined;
      return {
        append(id, batch, options) {
          reason = options?.close?.reason ?? reason;
          return log.append(id, batch, options);
        },
        read: (id, from, limit) => ({ ...log.read(id, from, limit), end: { status: 'cancelled', reason: reason! } }),
      };
    },
  ],
  'leaves everything as it was when it refuses': [
    (log) => ({
      append(id, batch, options) {
        try {
          return log.append(id, batch, options);
        } catch (error) {
          if (options?.close !== undefined) log.append(id, [], { close: options.close });
          throw error;
        }
      },
    }),
    (log) => ({
      append(id, batch, options) {
        try {
          return log.append(id, batch, options);
        } catch (error) {
          log.append(id, batch);
          throw error;
        }
      },
    }),
    (log) => ({
      append(id, batch, options) {
        try {
          return log.append(id, batch, options);
        } catch (error) {
          const { producer } = options ?? {};
          if (producer?.epoch === 2) log.append(id, [], { producer: { ...producer, seq: 0 } });
          throw error;
        }
      },
    }),
  ],
};

describe('the laws of appending', () => {
  it('are each proven to fail', () => {
    expect(Object.keys(defects).toSorted()).toEqual(appendLaws.map(([title]) => title).toSorted());
  });

  expectEachToFail(defects);
});
