import type { Writable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import * as ws from 'ws';
import type { Message } from '../../../src/protocol/index.js';
import { framed } from '../../../src/transport/websocket/framed.js';

/** What `ws` reads with: exported, and missing in its types. */
const { Receiver } = ws as unknown as { Receiver: new (options: { isServer: boolean }) => Writable };

/** Reads one message off the wire as a client of `ws` does. */
function received(wire: Buffer): Promise<{ data: Buffer; binary: boolean }> {
  return new Promise((resolve, reject) => {
    const receiver = new Receiver({ isServer: false });
    receiver.on('message', (data: Buffer, binary: boolean) => resolve({ data, binary }));
    receiver.on('error', reject);
    receiver.write(wire);
  });
}

describe('framed', () => {
  // Each side of the places where the header grows.
  it.each([0, 1, 125, 126, 65_535, 65_536])('frames %i bytes as RFC 6455 has it', async (length) => {
    const bytes = Uint8Array.from({ length }, (_, i) => i);
    expect(await received(framed({ binary: true, data: bytes }))).toEqual({ data: Buffer.from(bytes), binary: true });
    const text = 'x'.repeat(length);
    expect(await received(framed({ binary: false, data: text }))).toEqual({ data: Buffer.from(text), binary: false });
  });

  it('counts bytes, not characters', async () => {
    const text = 'é😀'.repeat(30);
    expect((await received(framed({ binary: false, data: text }))).data.toString()).toBe(text);
  });

  it('frames a message once, however many sockets it goes to', () => {
    const message: Message = { binary: false, data: 'whale' };
    expect(framed(message)).toBe(framed(message));
    expect(framed({ ...message })).not.toBe(framed(message));
  });
});
