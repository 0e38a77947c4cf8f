import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  foreign,
  readDecision,
  readDelivery,
  readEnvelope,
  readLetter,
  wordOf,
} from '../../../src/queue/nats/record.js';
import { everything } from '../../../src/testing/queue-stage.js';

const job = { id: 'a', payload: everything, maxAttempts: 3, delayMs: 0, attempt: 2 };

describe('readEnvelope', () => {
  it('reads a job as it was written', () => {
    expect(readEnvelope(JSON.stringify(job))).toEqual(job);
    expect(readEnvelope(JSON.stringify({ ...job, payload: null }))).toEqual({ ...job, payload: null });
  });

  it.each([
    'no JSON',
    '7',
    '{}',
    JSON.stringify({ ...job, payload: undefined }),
    JSON.stringify({ ...job, more: 1 }),
    JSON.stringify({ ...job, maxAttempts: 0 }),
  ])('sees that this is none: %s', (text) => {
    expect(readEnvelope(text)).toBeUndefined();
  });
});

describe('readLetter', () => {
  it('reads a dead letter, which has a reason', () => {
    expect(readLetter(JSON.stringify({ ...job, reason: 'no' }))).toEqual({ ...job, reason: 'no' });
    expect(readLetter(JSON.stringify(job))).toBeUndefined();
  });
});

describe('readDecision', () => {
  it('reads what was decided, and refuses what another version wrote', () => {
    const decision = { state: 'claimed', attempt: 1, failures: 0, delivered: 1 };
    expect(readDecision(JSON.stringify(decision))).toEqual(decision);
    for (const text of ['', '{"state":"asleep"}']) {
      expect(() => readDecision(text)).toThrow(expect.objectContaining({ code: 'queue-incompatible' }));
    }
  });
});

describe('readDelivery', () => {
  const delivery = { seq: 17, delivered: 3, storedAt: 1_700_000_000_123, body: 'x' };

  it.each([
    '$JS.ACK.jobs.workers.3.17.9.1700000000123456789.4',
    '$JS.ACK.hub.hash.jobs.workers.3.17.9.1700000000123456789.4.x',
  ])('reads %s', (reply) => {
    expect(readDelivery(reply, 'x')).toEqual({ ...delivery, reply });
  });

  it.each(['', '_INBOX.x', '$JS.ACK.jobs.workers.a.b.c.d.e'])('does not understand "%s"', (reply) => {
    expect(() => readDelivery(reply, 'x')).toThrow(expect.objectContaining({ code: 'queue-incompatible' }));
  });
});

describe('wordOf', () => {
  it('makes a word of any text, another for each', () => {
    expect(wordOf('a.b*c>d %=é')).toBe('a=2Eb=2Ac=3Ed=20=25=3D=C3=A9');
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), fc.string({ unit: 'grapheme' }), (one, other) => {
        expect(wordOf(one)).not.toMatch(/[\s.*>%/\\]/);
        expect(wordOf(one) === wordOf(other)).toBe(one === other);
      }),
    );
  });
});

describe('foreign', () => {
  it('makes a job of anything, so that it can be a dead letter', () => {
    const text = `${'x'.repeat(1023)}😀`;
    expect(foreign(7, text)).toMatchObject({ id: 'foreign-7', payload: `${'x'.repeat(1023)}\ufffd`, maxAttempts: 1 });
  });
});
