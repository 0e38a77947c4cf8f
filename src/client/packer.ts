import { frameBytes, type OutgoingFrame } from '../protocol/index.js';

/** Packs frames into messages of at most `maxFrame` bytes. */
export class Packer {
  private frames: OutgoingFrame[] = [];
  private bytes = 0;
  private writable = true;

  constructor(
    private readonly maxFrame: number,
    private readonly send: (frames: readonly OutgoingFrame[]) => boolean,
  ) {}

  /** Adds a frame; sends what was there when both do not fit one message. */
  add(frame: OutgoingFrame): void {
    const bytes = frameBytes(frame);
    if (this.frames.length > 0 && this.bytes + bytes > this.maxFrame) this.flush();
    this.frames.push(frame);
    this.bytes += bytes;
  }

  /** Sends the rest. Answers whether the link takes more. */
  finish(): boolean {
    if (this.frames.length > 0) this.flush();
    return this.writable;
  }

  private flush(): void {
    this.writable = this.send(this.frames);
    this.frames = [];
    this.bytes = 0;
  }
}
