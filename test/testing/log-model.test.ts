import { describe, expect, it } from 'vitest';
import { behavesAsItsModel } from '../../src/testing/log-model.js';
import { LogStage } from '../../src/testing/log-stage.js';
import { type Defect, expectEachToFail, makeLog } from './defective-log.js';

const defects: readonly Defect[] = [
  (log) => ({ read: (id, from, limit) => log.read(id, Math.max(0, from - 1), limit) }),
  (log) => ({ read: (id, from, limit) => log.read(id, from, { ...limit, chunks: Math.min(2, limit.chunks) }) }),
  (log) => ({ append: (id, batch, options) => ({ ...log.append(id, batch, options), duplicates: 0 }) }),
  (log) => ({ append: (id, batch, options) => log.append(id, batch, options?.producer?.epoch === 1 ? {} : options) }),
  (log) => ({ trim: (id, before) => log.trim(id, Math.max(0, before - 1)) }),
  (log) => ({ create: (id, config) => log.create(id, { ...config, expectedBytes: 5 }) }),
  (log) => ({ list: (prefix) => log.list(prefix).slice(0, 1) }),
];

describe('the model of logs', () => {
  expectEachToFail({ 'does what its model does, whatever comes': defects });

  it('passes on an error that is no refusal', async () => {
    const stage = new LogStage(makeLog(() => ({ append: () => Promise.reject(new Error('the disk is gone')) })));
    await expect(behavesAsItsModel(stage)).rejects.toMatchObject({ cause: { message: 'the disk is gone' } });
  });
});
