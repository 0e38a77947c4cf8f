import { utf8Bytes, utf8Length } from '../chunk/index.js';

const encoder = new TextEncoder();
const nothing = new Uint8Array();

/** Text that many answers carry. Its bytes, and what goes around them on the way, are made once for all. */
export class SharedBytes {
  /** How many bytes. */
  readonly length: number;
  private plain: Uint8Array | undefined;
  private framed: Uint8Array | undefined;

  constructor(private readonly text: string) {
    this.length = utf8Length(text);
  }

  get bytes(): Uint8Array {
    return (this.plain ??= encoder.encode(this.text));
  }

  /**
   * The bytes as a chunk of an HTTP/1.1 body (RFC 9112, section 7.1). No bytes are no chunk: an empty one would end the body. For a
   * socket only: the memory around them may be shared.
   */
  get asHttpChunk(): Uint8Array {
    return (this.framed ??= this.frame());
  }

  private frame(): Uint8Array {
    const { text, length } = this;
    // With what goes around it in one string, it is encoded in one step, and where it stays.
    return length === 0 ? nothing : utf8Bytes(`${length.toString(16)}\r\n${text}\r\n`);
  }
}
