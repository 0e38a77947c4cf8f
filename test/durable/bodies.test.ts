import { describe, expect, it } from 'vitest';
import { Bodies } from '../../src/durable/bodies.js';
import { requestFor } from './lab.js';

const sized = (length: number | undefined, body: string) =>
  requestFor('POST', 'a', {
    body,
    headers: length === undefined ? { 'transfer-encoding': 'chunked' } : { 'content-length': `${length}` },
  });
const bytesIf = (admitted: boolean): Uint8Array | undefined => (admitted ? new Uint8Array(4) : undefined);
const length = async (body: Uint8Array): Promise<number> => body.length;

describe('Bodies', () => {
  it('hands a body to work', async () => {
    expect(await new Bodies(4, 8).with(requestFor('POST', 'a', { body: 'four' }), length)).toBe(4);
  });

  it('answers at once where the body and what is done with it are there, and frees its room', () => {
    const bodies = new Bodies(4, 4);
    const there = { ...sized(4, 'four'), body: (admits: (length: number) => boolean) => bytesIf(admits(4)) };
    expect(bodies.with(there, (body) => body.length)).toBe(4);
    const fail = (): never => {
      throw new Error('no');
    };
    expect(() => bodies.with(there, fail)).toThrow('no');
    expect(bodies.with(there, (body) => body.length)).toBe(4);
  });

  it('refuses one that is too long before it is received, or as soon as that shows', async () => {
    const bodies = new Bodies(4, 8);
    const unread = { ...sized(5, 'five!'), body: () => Promise.reject(new Error('it was received')) };
    expect(() => bodies.with(unread, length)).toThrow(expect.objectContaining({ status: 413 }));
    await expect(bodies.with(sized(undefined, 'five!'), length)).rejects.toMatchObject({ status: 413 });
  });

  it('receives as many as there is room for, and frees it however they end', async () => {
    const bodies = new Bodies(4, 8);
    const hold = new Promise<void>(() => {});
    void bodies.with(sized(4, 'four'), () => hold);
    await expect(bodies.with(sized(4, 'four'), () => Promise.reject(new Error('no')))).rejects.toThrow('no');
    void bodies.with(sized(undefined, 'four'), () => hold);
    expect(() => bodies.with(sized(1, '1'), length)).toThrow(
      expect.objectContaining({ status: 503, headers: { 'retry-after': '1' } }),
    );
    await expect(bodies.with(sized(undefined, '1'), length)).rejects.toMatchObject({ status: 503 });
    expect(await bodies.with(requestFor('POST', 'a'), length), 'nothing needs no room').toBe(0);
  });

  it('keeps no room for what was announced and does not come', async () => {
    const bodies = new Bodies(4, 8);
    const never = { body: () => new Promise<never>(() => {}) };
    for (let i = 0; i < 3; i++) {
      void bodies.with({ ...sized(4, ''), ...never }, length);
      void bodies.with({ ...sized(undefined, ''), ...never }, length);
    }
    expect(await bodies.with(sized(4, 'four'), length)).toBe(4);
  });

  it('receives one that alone is more than all may be', async () => {
    expect(await new Bodies(8, 4).with(sized(8, 'eight...'), length)).toBe(8);
  });
});
