import { describe, expect, it } from 'vitest';
import { MessagePackFrame } from '../../src/format/message-pack-frame.js';

/** One value of every format of the specification, by hand: head, then as many bytes or values as it says. */
const zeros = (count: number) => Array.from({ length: count }, () => 0);
const values: readonly (readonly [string, readonly number[]])[] = [
  ['positive fixint', [0x7f]],
  ['negative fixint', [0xe0]],
  ['fixmap', [0x82, ...zeros(4)]],
  ['fixarray', [0x93, ...zeros(3)]],
  ['fixstr', [0xa5, ...zeros(5)]],
  ['nil', [0xc0]],
  ['false', [0xc2]],
  ['true', [0xc3]],
  ['bin 8', [0xc4, 3, ...zeros(3)]],
  ['bin 16', [0xc5, 1, 0, ...zeros(256)]],
  ['bin 32', [0xc6, 0, 0, 1, 1, ...zeros(257)]],
  ['ext 8', [0xc7, 3, 1, ...zeros(3)]],
  ['ext 16', [0xc8, 1, 0, 1, ...zeros(256)]],
  ['ext 32', [0xc9, 0, 0, 1, 1, 1, ...zeros(257)]],
  ['float 32', [0xca, ...zeros(4)]],
  ['float 64', [0xcb, ...zeros(8)]],
  ['uint 8', [0xcc, 0]],
  ['uint 16', [0xcd, ...zeros(2)]],
  ['uint 32', [0xce, ...zeros(4)]],
  ['uint 64', [0xcf, ...zeros(8)]],
  ['int 8', [0xd0, 0]],
  ['int 16', [0xd1, ...zeros(2)]],
  ['int 32', [0xd2, ...zeros(4)]],
  ['int 64', [0xd3, ...zeros(8)]],
  ['fixext 1', [0xd4, 1, 0]],
  ['fixext 2', [0xd5, 1, ...zeros(2)]],
  ['fixext 4', [0xd6, 1, ...zeros(4)]],
  ['fixext 8', [0xd7, 1, ...zeros(8)]],
  ['fixext 16', [0xd8, 1, ...zeros(16)]],
  ['str 8', [0xd9, 3, ...zeros(3)]],
  ['str 16', [0xda, 1, 0, ...zeros(256)]],
  ['str 32', [0xdb, 0, 0, 1, 1, ...zeros(257)]],
  ['array 16', [0xdc, 1, 0, ...zeros(256)]],
  ['array 32', [0xdd, 0, 0, 1, 1, ...zeros(257)]],
  ['map 16', [0xde, 1, 0, ...zeros(512)]],
  ['map 32', [0xdf, 0, 0, 1, 1, ...zeros(514)]],
  ['nested', [0x92, 0x81, 0xa1, 0, 0x91, 0xc4, 1, 0, 0x90]],
];

describe('MessagePackFrame', () => {
  it.each(values)('finds the end of %s, and not before it is there', (_, value) => {
    const bytes = Uint8Array.from([...value, 1, 1, 1]);
    const atOnce = new MessagePackFrame();
    expect(atOnce.scan(bytes)).toBe(true);
    expect(atOnce.size).toBe(value.length);
    const slowly = new MessagePackFrame();
    for (let length = 0; length < value.length; length++) expect(slowly.scan(bytes.subarray(0, length))).toBe(false);
    expect(slowly.scan(bytes.subarray(0, value.length))).toBe(true);
    expect(slowly.size).toBe(value.length);
  });

  it('never says more than a value takes', () => {
    for (const [, value] of values) {
      const frame = new MessagePackFrame();
      for (let length = 0; length < value.length; length++) {
        frame.scan(Uint8Array.from(value.slice(0, length)));
        expect(frame.size).toBeLessThanOrEqual(value.length);
      }
    }
  });

  it('begins anew', () => {
    const frame = new MessagePackFrame();
    frame.scan(Uint8Array.of(0x92, 1));
    frame.begin();
    expect(frame.size).toBe(0);
    expect(frame.scan(Uint8Array.of(0xa1, 0, 5))).toBe(true);
    expect(frame.size).toBe(2);
  });

  it('refuses the byte that no value begins with', () => {
    expect(() => new MessagePackFrame().scan(Uint8Array.of(0xc1))).toThrow('not MessagePack');
  });
});
