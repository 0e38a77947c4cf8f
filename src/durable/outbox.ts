import type { ServerResponse } from 'node:http';

/** Answers that wait for each other at most. */
const most = 256;

/**
 * @internal Whole answers that become ready in one turn of the event loop leave together at its end. The first wakes a client that
 * sleeps, the others find it awake: waking somebody costs the system several times what a write costs, and a server that
 * answers one by one pays it for each.
 */
export class Outbox {
  private waiting: { readonly response: ServerResponse; readonly body: Uint8Array | undefined }[] = [];

  /** Ends a response, its headers written, in this turn. */
  add(response: ServerResponse, body: Uint8Array | undefined): void {
    const count = this.waiting.push({ response, body });
    if (count === 1) setImmediate(this.flush);
    else if (count === most) this.flush();
  }

  private readonly flush = (): void => {
    const { waiting } = this;
    this.waiting = [];
    for (const { response, body } of waiting) response.end(body);
  };
}
