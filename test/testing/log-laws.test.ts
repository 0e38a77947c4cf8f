import { describe, expect, it } from 'vitest';
import type { EncodedChunk } from '../../src/chunk/index.js';
import type { Log } from '../../src/log/log.js';
import type { MemoryLog } from '../../src/log/memory.js';
import { appendLaws } from '../../src/testing/log-append-laws.js';
import { removalLaws } from '../../src/testing/log-removal-laws.js';
import { logLaws, logLawsOf } from '../../src/testing/log-laws.js';
import type { LogUnderTest } from '../../src/testing/log-stage.js';
import { type Defects, expectEachToFail, later, lawTitles, makeLog, unless } from './defective-log.js';

/** Everything comes as promises, and notices late and merged. */
function answersLater(log: MemoryLog): Partial<Log> {
  return {
    create: async (...given) => log.create(...given),
    append: async (id, batch, options) => log.append(id, batch, options),
    read: async (...given) => later().then(() => log.read(...given)),
    info: async (id) => log.info(id),
    trim: async (...given) => log.trim(...given),
    delete: async (id, life) => log.delete(id, life),
    list: async (prefix) => log.list(prefix),
    dispose: async () => log.dispose(),
    watch(id, listener) {
      let due: ReturnType<typeof setTimeout> | undefined;
      const stop = log.watch(id, () => {
        due ??= setTimeout(() => {
          due = undefined;
          listener();
        }, 3);
      });
      return () => {
        stop();
        clearTimeout(due);
      };
    },
  };
}

logLaws('a log that answers later', () => makeLog(answersLater));

/** Logs that break a law, and do what else it needs. */
const defects: Defects = {
  'creates a stream once, and lets it be asked for again': [
    (log) => ({
      create: (id, config) =>
        unless(
          'stream-exists',
          () => log.create(id, config),
          () => {},
        ),
    }),
    (log) => ({
      create(id, config) {
        log.delete(id);
        log.create(id, config);
      },
    }),
  ],
  'takes every name that can be one, and no other': [
    (log) => ({
      create: (id, config) =>
        unless(
          'name-invalid',
          () => log.create(id, config),
          () => {},
        ),
    }),
    (log) => ({ info: (id) => log.info(id === '__proto__' ? 'constructor' : id) }),
  ],
  'knows nothing of a stream that was not created': [
    (log) => ({
      append(id, ...rest) {
        log.create(id);
        return log.append(id, ...rest);
      },
    }),
    (log) => ({
      read(id, from, limit) {
        log.create(id);
        return log.read(id, from, limit);
      },
    }),
  ],
  'keeps chunks in order, numbered without gaps': [
    (log) => ({ append: (id, batch, options) => log.append(id, batch.toReversed(), options) }),
    (log) => ({
      append: async (id, batch, options) => {
        await later(batch[0]?.head.includes('25') ? 10 : 0);
        return log.append(id, batch, options);
      },
    }),
  ],
  'gives chunks back byte for byte': [
    (log) => ({ append: (id, batch) => log.append(id, batch.map(throughText)) }),
    (log) => ({
      append: (id, batch) =>
        log.append(
          id,
          batch.map(({ head, ...rest }) => ({ ...rest, head: head.trim().normalize('NFKC') })),
        ),
    }),
    (log) => ({
      append: (id, batch) =>
        log.append(
          id,
          batch.map((chunk) => ({ ...chunk, bytes: chunk.bytes && new Uint8Array(chunk.bytes.buffer) })),
        ),
    }),
  ],
  'keeps a batch as it was when it was handed over': [
    (log) => ({ append: async (id, batch) => later().then(() => log.append(id, batch)) }),
  ],
  'reads from anywhere': [
    (log) => ({ read: (id, from, limit) => log.read(id, Math.min(from, log.info(id)!.next), limit) }),
    (log) => ({ read: (id, from, limit) => log.read(id, from - (from % 7), limit) }),
  ],
  'keeps to the limits of a read, but gives one chunk': [
    (log) => ({ read: (id, from, limit) => log.read(id, from, { ...limit, bytes: 1 << 20 }) }),
    (log) => ({ read: (id, from, limit) => log.read(id, from, { ...limit, chunks: 100 }) }),
    (log) => ({
      read(id, from, limit) {
        const slice = log.read(id, from, limit);
        return slice.chunks[0]!.length > limit.bytes ? { ...slice, chunks: [] } : slice;
      },
    }),
  ],
  'leads a reader to the live tail and the end': [
    () => ({ watch: () => () => {} }),
    (log) => ({ watch: (id, listener) => log.watch(id, () => log.info(id)?.status === 'active' && listener()) }),
    (log) => ({ read: (id, from, limit) => ({ ...log.read(id, from, limit), next: from }) }),
  ],
  'tells of a stream that was not there yet': [
    (log) => ({ watch: (id, listener) => (log.info(id) === undefined ? () => {} : log.watch(id, listener)) }),
    (log) => ({ watch: (_, listener) => log.watch('other', listener) }),
  ],
  'tells of chunks that were forgotten and streams that were removed': [
    (log) => ({ watch: (id, listener) => log.watch(id, () => log.info(id) && listener()) }),
    (log) => ({ watch: (id, listener) => log.watch(id, () => log.info(id)?.first !== 2 && listener()) }),
  ],
  'stops telling at once, and only who asked for it': [
    (log) => ({
      watch(id, listener) {
        log.watch(id, listener);
        return () => {};
      },
    }),
    (log) => {
      const stops = new Map<() => void, () => void>();
      return {
        watch(id, listener) {
          if (!stops.has(listener)) stops.set(listener, log.watch(id, listener));
          return stops.get(listener)!;
        },
      };
    },
    (log) => ({ watch: (id, listener) => log.watch(id, () => void later().then(listener)) }),
  ],
  'lets a listener append, and listeners come and go': [
    (log) => {
      const listeners: (() => void)[] = [];
      log.watch('s', () => {
        for (let i = 0; i < listeners.length; i++) listeners[i]!();
      });
      return {
        watch(_, listener) {
          listeners.push(listener);
          return () => void listeners.splice(listeners.indexOf(listener), 1);
        },
      };
    },
    (log) => {
      let listeners: readonly (() => void)[] = [];
      log.watch('s', () => {
        for (const listener of listeners) listener();
      });
      return {
        watch(_, listener) {
          listeners = [...listeners, listener];
          return () => void (listeners = listeners.filter((other) => other !== listener));
        },
      };
    },
    (log) => {
      let busy = false;
      return {
        append(...given) {
          if (busy) throw new Error('an append is under way');
          busy = true;
          try {
            return log.append(...given);
          } finally {
            busy = false;
          }
        },
      };
    },
  ],
  'forgets chunks that are trimmed, never numbers or the end': [
    () => ({ trim: () => {} }),
    (log) => ({ trim: (id, before) => log.trim(id, before - 1) }),
    (log) => ({ trim: (id, before) => log.trim(id, before > 10 ? 0 : before) }),
    (log) => ({
      trim(id, before) {
        if (before < 12) return log.trim(id, before);
        log.delete(id);
        return log.create(id);
      },
    }),
  ],
  'lists streams by path, sorted by name': [
    (log) => ({ list: (prefix = '') => log.list().filter(({ streamId }) => streamId.startsWith(prefix)) }),
    (log) => ({ list: (prefix) => log.list(prefix).toReversed() }),
    (log) => ({ list: (prefix) => log.list(prefix).toSorted((a, b) => a.streamId.localeCompare(b.streamId)) }),
    (log) => ({ list: (prefix) => log.list(prefix?.replace(/\/$/, '')) }),
    (log) => ({
      list: (prefix) =>
        log.list(prefix).toSorted((a, b) => Buffer.compare(Buffer.from(a.streamId), Buffer.from(b.streamId))),
    }),
  ],
  'tells what is known of a stream': [
    (log) => ({
      append: (id, batch, options) =>
        log.append(
          id,
          batch.map((chunk) => ({ ...chunk, size: chunk.length })),
          options,
        ),
    }),
    (log) => ({ create: (id, config = {}) => log.create(id, { ...config, session: 'another' }) }),
    (log) => ({ info: (id) => ({ ...log.info(id)!, endedAt: 0 }) }),
  ],
  'refuses arguments that make no sense': [
    (log) => ({
      read: (id, from, { chunks, bytes }) =>
        log.read(id, Math.max(0, Math.floor(from)), { chunks: Math.max(1, chunks), bytes: bytes || 1 }),
    }),
    (log) => ({
      append: (id, batch, { producer, close } = {}) =>
        log.append(id, batch, { ...(producer && { producer }), ...(close && { close: { status: 'completed' } }) }),
    }),
  ],
};

function throughText(chunk: EncodedChunk): EncodedChunk {
  const { bytes } = chunk;
  return bytes === undefined ? chunk : { ...chunk, bytes: new TextEncoder().encode(new TextDecoder().decode(bytes)) };
}

describe('logLaws', () => {
  it('are each proven to fail', () => {
    const apart = [...appendLaws, ...removalLaws].map(([title]) => title);
    const elsewhere = [...apart, 'does what its model does, whatever comes'];
    expect([...Object.keys(defects), ...elsewhere].toSorted()).toEqual(lawTitles.toSorted());
  });

  expectEachToFail(defects);

  it('dispose of the log, and of what it leaves behind, also after a failure', async () => {
    const disposed: string[] = [];
    const make = (): LogUnderTest => ({
      ...makeLog(() => ({ dispose: () => void disposed.push('log'), append: () => Promise.reject(new Error('no')) })),
      dispose: () => void disposed.push('rest'),
    });
    const law = logLawsOf(make).find(({ title }) => title === 'reads from anywhere')!;
    await expect(law.check()).rejects.toThrow('no');
    expect(disposed).toEqual(['log', 'rest']);
  });
});
