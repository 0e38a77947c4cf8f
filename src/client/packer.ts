import type { OutgoingFrame } from '../protocol/index.js';

/** Packs frames into messages of at most `maxFrame` bytes. */
export class Packer {
  #frames: OutgoingFrame[] = [];
  #bytes = 0;
  #writable = true;

  readonly #maxFrame: number;
  readonly #send: (frames: readonly OutgoingFrame[]) => boolean;

  constructor(maxFrame: number, send: (frames: readonly OutgoingFrame[]) => boolean) {
    this.#maxFrame = maxFrame;
    this.#send = send;
  }

  /** Adds a frame of so many bytes; sends what was there when both do not fit one message. */
  add(frame: OutgoingFrame, bytes: number): void {
    if (this.#frames.length > 0 && this.#bytes + bytes > this.#maxFrame) this.#flush();
    this.#frames.push(frame);
    this.#bytes += bytes;
  }

  /** Sends the rest. Answers whether the link takes more. */
  finish(): boolean {
    if (this.#frames.length > 0) this.#flush();
    return this.#writable;
  }

  #flush(): void {
    this.#writable = this.#send(this.#frames);
    this.#frames = [];
    this.#bytes = 0;
  }
}
