import { describe, expect, it } from 'vitest';
import { StreamError } from '../../src/chunk/index.js';
import type { AppendOptions } from '../../src/log/log.js';
import { removalLaws } from '../../src/testing/log-removal-laws.js';
import { type Defects, expectEachToFail, unless } from './defective-log.js';

/** What an append is told, but for the life it is meant for. */
function ofAnyLife(options: AppendOptions = {}): AppendOptions {
  const { life: _, ...others } = options;
  return others;
}

/** Logs that break a law, and do what else it needs. */
const defects: Defects = {
  'removes a stream, and all it knew of it': [
    (log) => ({
      delete: (id) =>
        unless(
          'stream-not-found',
          () => log.trim(id, 1000),
          () => {},
        ),
    }),
    (log) => ({
      delete(id) {
        for (const { streamId } of log.list(id)) log.delete(streamId);
      },
    }),
    (log) => {
      let epoch = 0;
      return {
        append(id, batch, options = {}) {
          if ((options.producer?.epoch ?? epoch) < epoch) throw new StreamError('producer-fenced', 'remembered');
          epoch = options.producer?.epoch ?? epoch;
          return log.append(id, batch, options);
        },
      };
    },
  ],
  'tells streams of one name apart': [
    (log) => ({ append: (id, batch, options) => log.append(id, batch, ofAnyLife(options)) }),
    (log) => ({ delete: (id) => log.delete(id) }),
    (log) => ({ read: (id, from, limit) => ({ ...log.read(id, from, limit), life: 'another' }) }),
    (log) => ({ list: (prefix) => log.list(prefix).map((info) => ({ ...info, life: 'another' })) }),
    // Knows streams by their names alone.
    (log) => ({
      info: (id) => log.info(id) && { ...log.info(id)!, life: 'same' },
      read: (id, from, limit) => ({ ...log.read(id, from, limit), life: 'same' }),
      list: (prefix) => log.list(prefix).map((info) => ({ ...info, life: 'same' })),
      append: (id, batch, options) => log.append(id, batch, ofAnyLife(options)),
      delete: (id) => log.delete(id),
    }),
  ],
  'removes an ended stream when its time is over': [
    (log) => ({ create: (id) => log.create(id) }),
    (log) => ({ create: (id, config) => log.create(id, { ...config, ttlMs: 500 }) }),
    (log) => ({ info: (id) => (log.info(id)?.status === 'active' ? log.info(id) : undefined) }),
    (log) => ({
      append(id, batch, options) {
        const appended = log.append(id, batch, options);
        if (appended.ended && id === 'brief') log.delete(id);
        return appended;
      },
    }),
  ],
};

describe('the laws of removal', () => {
  it('are each proven to fail', () => {
    expect(Object.keys(defects).toSorted()).toEqual(removalLaws.map(([title]) => title).toSorted());
  });

  expectEachToFail(defects);
});
