import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { maxRanges, type Message, messageText, readMessage } from '../../src/bus/message.js';
import { createChunk } from '../../src/chunk/index.js';

const ranges = [{ from: 1, to: 3 }];
const all: Message[] = [
  ...['text', Uint8Array.of(0, 255), { a: [null] }].map((data) => ({
    t: 'chunk' as const,
    from: 'one',
    chunk: createChunk({ streamId: 't', seq: 0, data, checksum: true }),
  })),
  { t: 'mark', from: 'one', seq: 7 },
  { t: 'end', from: 'one', seq: 7, status: 'completed' },
  { t: 'end', from: 'one', seq: 7, status: 'failed', reason: 'out of paper' },
  { t: 'lost', from: 'one', ranges },
  { t: 'nack', to: 'one', ranges },
];

describe('a message of a bus', () => {
  it.each(all)('comes back as it was: $t', (message) => {
    expect(readMessage(messageText(message))).toEqual(message);
  });

  it.each([
    ['', 'nothing'],
    ['7', 'a number'],
    ['{"t":"hello"}', 'an unknown kind'],
    ['{"t":"mark","from":"one","seq":-1}', 'a negative number'],
    ['{"t":"mark","from":"","seq":1}', 'an empty name'],
    ['{"t":"mark","from":"one","seq":1,"more":1}', 'a field too many'],
    ['{"t":"chunk","from":"one","chunk":{"type":"text"}}', 'half a chunk'],
    [
      messageText({ t: 'nack', to: 'one', ranges: Array.from({ length: maxRanges + 1 }, () => ranges[0]!) }),
      'too much',
    ],
  ])('is none: %s (%s)', (text) => {
    expect(readMessage(text)).toBeUndefined();
  });

  it('is never an exception, whatever comes', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.json()), (text) => {
        readMessage(text);
      }),
    );
  });
});
