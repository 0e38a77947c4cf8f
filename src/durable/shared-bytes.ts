import { joinBytes } from '../chunk/index.js';

const encoder = new TextEncoder();
const lineBreak = encoder.encode('\r\n');

/** Bytes that many answers carry. What goes around them on the way is made once for all. */
export class SharedBytes {
  private framed: Uint8Array | undefined;

  constructor(readonly bytes: Uint8Array) {}

  /** The bytes as a chunk of an HTTP/1.1 body (RFC 9112, section 7.1). No bytes are no chunk: an empty one would end the body. */
  get asHttpChunk(): Uint8Array {
    return (this.framed ??= this.frame());
  }

  private frame(): Uint8Array {
    const { bytes } = this;
    if (bytes.length === 0) return bytes;
    return joinBytes([encoder.encode(bytes.length.toString(16)), lineBreak, bytes, lineBreak]);
  }
}
