import type { Message } from '../../protocol/index.js';

/** RFC 6455, section 5.2: the last frame of a message, and what is in it. */
const finalText = 0x81;
const finalBinary = 0x82;

let latest: { readonly message: Message | undefined; readonly frame: Buffer } = {
  message: undefined,
  frame: Buffer.alloc(0),
};

/**
 * A server's message as it goes over the wire, header and all: one WebSocket frame, neither masked nor compressed. A
 * message for many sockets is framed once, and each of them writes the same bytes.
 */
export function framed(message: Message): Buffer {
  if (latest.message !== message) latest = { message, frame: frameOf(message) };
  return latest.frame;
}

function frameOf({ binary, data }: Message): Buffer {
  const length = Buffer.byteLength(data);
  const start = headerLength(length);
  const frame = Buffer.allocUnsafe(start + length);
  frame[0] = binary ? finalBinary : finalText;
  writeLength(frame, length);
  if (typeof data === 'string') frame.write(data, start);
  else frame.set(data, start);
  return frame;
}

function headerLength(length: number): number {
  if (length < 126) return 2;
  return length < 1 << 16 ? 4 : 10;
}

function writeLength(frame: Buffer, length: number): void {
  if (length < 126) {
    frame[1] = length;
  } else if (length < 1 << 16) {
    frame[1] = 126;
    frame.writeUInt16BE(length, 2);
  } else {
    frame[1] = 127;
    frame.writeBigUInt64BE(BigInt(length), 2);
  }
}
