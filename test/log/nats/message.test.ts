import { describe, expect, it } from 'vitest';
import { beginOf, chunksOf, readState, spaceOf, writeBody, writeState } from '../../../src/log/nats/message.js';
import type { StreamState } from '../../../src/log/nats/state.js';
import { encoded, refused } from '../../../src/testing/log-stage.js';

const state: StreamState = {
  after: 7,
  createdAt: 1000,
  config: { session: 'né\n\u2028 "quoted"', ttlMs: Infinity },
  first: 2,
  next: 5,
  size: 100,
  lastChunkAt: 1001,
  end: { status: 'failed', reason: '\ud800 half a pair' },
  endedAt: 1002,
  producers: new Map([
    ['p', { epoch: 1, next: 3 }],
    ['__proto__', { epoch: 0, next: 2 ** 53 - 1 }],
  ]),
};

describe('a state in a header', () => {
  it('is printable ASCII, and read back as it was', () => {
    const text = writeState(state, 3);
    expect(text).toMatch(/^[ -~]+$/);
    expect(readState('s', text)).toEqual({ state, count: 3 });
    const parts = { from: 17, count: 20 };
    expect(readState('s', writeState(state, 3, parts))).toEqual({ state, count: 3, parts });
  });

  it('leaves out what is not known', () => {
    const bare = { after: 0, createdAt: 1, config: { ttlMs: 5 }, first: 0, next: 0, size: 0, producers: new Map() };
    const text = writeState({ ...bare, lastChunkAt: undefined, end: undefined, endedAt: undefined }, 0);
    expect(readState('s', text).state).toEqual(bare);
  });

  it.each([undefined, '', 'null', '{', '{}', '5', '{"version":2}'])('is not %j', async (text) => {
    const { details } = await refused('log-incompatible', () => void readState('s', text));
    expect(details.streamId).toBe('s');
  });
});

describe('chunks in a body', () => {
  const chunks = [encoded('é 😀'), encoded(''), encoded(Uint8Array.of(0, 255)), encoded(new Uint8Array(0))];

  it('are read back, from any of them on', () => {
    // As it comes from a connection: in the middle of other bytes.
    const body = writeBody(chunks);
    const received = Buffer.concat([Buffer.alloc(3), body, Buffer.alloc(5)]).subarray(3, 3 + body.length);
    expect([...chunksOf(new Uint8Array(received))]).toEqual(chunks);
    expect([...chunksOf(received)]).toEqual(chunks);
  });

  it('are none of none', () => {
    expect(writeBody([])).toHaveLength(0);
    expect([...chunksOf(writeBody([]))]).toEqual([]);
  });

  it('are counted with those in parts', () => {
    const message = { seq: 1, state: { ...state, next: 10 }, count: 4, body: writeBody(chunks) };
    expect(beginOf(message)).toBe(6);
    expect(beginOf({ ...message, parts: { from: 1, count: 5 } })).toBe(1);
  });

  it('take no more than they were said to', () => {
    const space = chunks.reduce((sum, chunk) => sum + spaceOf(chunk), 0);
    expect(writeBody(chunks).length).toBeLessThanOrEqual(space);
  });
});
