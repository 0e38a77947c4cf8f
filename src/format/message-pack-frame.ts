import { malformed } from './codec.js';

/**
 * Finds where a MessagePack value ends, however its bytes come: it reads heads and skips what they announce, and goes on
 * where it stopped when there is more.
 *
 * @internal
 */
export class MessagePackFrame {
  /** Bytes the value takes at least: those of all heads read so far and of what they announce. */
  size = 0;
  /** Where the next head is. */
  private at = 0;
  /** Heads still to come. */
  private heads = 1;

  /** Begins the next value. */
  begin(): void {
    this.size = 0;
    this.at = 0;
    this.heads = 1;
  }

  /**
   * Reads on.
   *
   * @param bytes - the value from its beginning, as far as it has come
   * @returns whether all of it is there
   */
  scan(bytes: Uint8Array): boolean {
    while (this.heads > 0 && this.at < bytes.length) {
      const { lengthBytes, kind, fixed } = headOf(bytes[this.at]!);
      const body = this.at + 1 + lengthBytes;
      if (body > bytes.length) break;
      const announced = fixed + numberAt(bytes, this.at + 1, lengthBytes);
      this.heads += announced * kind - 1;
      this.at = body + (kind === 0 ? announced : 0);
      // A ext has its type in front of its data, which `fixed` counts; of values that are to come, each takes a byte at least.
      this.size = this.at + this.heads;
    }
    return this.heads === 0 && this.size <= bytes.length;
  }
}

/** What the first byte of a value says. */
interface Head {
  /** Bytes of the length behind it. */
  readonly lengthBytes: number;
  /** What is added to the length. */
  readonly fixed: number;
  /** What the length counts: 0 bytes, 1 values, 2 pairs of values. */
  readonly kind: 0 | 1 | 2;
}

function head(lengthBytes: number, fixed: number, kind: Head['kind'] = 0): Head {
  return { lengthBytes, fixed, kind };
}

/** The heads from 0xc0 to 0xdf, of the MessagePack specification's table of formats; 0xc1 is never used. */
const heads: readonly (Head | undefined)[] = [
  ...[head(0, 0), undefined, head(0, 0), head(0, 0)], // nil, -, false, true
  ...[head(1, 0), head(2, 0), head(4, 0)], // bin
  ...[head(1, 1), head(2, 1), head(4, 1)], // ext
  ...[head(0, 4), head(0, 8)], // float
  ...[head(0, 1), head(0, 2), head(0, 4), head(0, 8)], // uint
  ...[head(0, 1), head(0, 2), head(0, 4), head(0, 8)], // int
  ...[head(0, 2), head(0, 3), head(0, 5), head(0, 9), head(0, 17)], // fixext
  ...[head(1, 0), head(2, 0), head(4, 0)], // str
  ...[head(2, 0, 1), head(4, 0, 1)], // array
  ...[head(2, 0, 2), head(4, 0, 2)], // map
];
const single = head(0, 0);

function headOf(byte: number): Head {
  if (byte < 0x80 || byte >= 0xe0) return single;
  if (byte < 0x90) return head(0, byte & 0x0f, 2);
  if (byte < 0xa0) return head(0, byte & 0x0f, 1);
  if (byte < 0xc0) return head(0, byte & 0x1f);
  const known = heads[byte - 0xc0];
  if (known === undefined) throw malformed('messagePack', 'the bytes are not MessagePack');
  return known;
}

function numberAt(bytes: Uint8Array, at: number, length: number): number {
  let number = 0;
  for (let i = at; i < at + length; i++) number = number * 256 + bytes[i]!;
  return number;
}
