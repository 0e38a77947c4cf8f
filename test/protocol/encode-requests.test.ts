import { describe, expect, it } from 'vitest';
import { encodeMessage, frameBytes } from '../../src/protocol/encode.js';
import { encodeRequests, type RequestFrame, requestBytes } from '../../src/protocol/encode-requests.js';
import { fromClient } from './samples.js';

const requests = fromClient.filter((frame): frame is RequestFrame => frame.t !== 'publish');

describe('encodeRequests', () => {
  it('writes what one who writes would, one frame or many', () => {
    for (const frames of [...requests.map((frame) => [frame]), requests]) {
      expect(encodeRequests(frames)).toBe(encodeMessage(frames).data);
    }
  });
});

describe('requestBytes', () => {
  it.each(requests)('is what the frame takes in a message: $t', (frame) => {
    expect(requestBytes(frame)).toBe(frameBytes(frame));
    expect(requestBytes(frame)).toBe(8 + Buffer.byteLength(encodeRequests([frame])));
  });
});
