import type { VirtualTimeScheduler } from 'rxjs';
import type { BadFrame, ServerFrame } from '../../../src/protocol/index.js';
import { type ClientSocket, createWebSocketTransport } from '../../../src/transport/websocket/client.js';

/** The events of a link, and what came through them. */
export function listener() {
  const heard: string[] = [];
  const frames: (ServerFrame | BadFrame)[] = [];
  const events = {
    opened: () => void heard.push('opened'),
    frames: (some: readonly (ServerFrame | BadFrame)[]) => void frames.push(...some),
    drained: () => void heard.push('drained'),
    closed: (code: number, reason: string) => void heard.push(`closed ${code} ${reason}`.trim()),
  };
  return { heard, frames, events };
}

/** A socket as a browser has it, moved by hand. */
export class FakeSocket implements ClientSocket {
  static last: FakeSocket;
  binaryType = 'blob';
  readyState = 0;
  bufferedAmount = 0;
  onopen: ((event: never) => void) | null = null;
  onmessage: ((event: never) => void) | null = null;
  onclose: ((event: never) => void) | null = null;
  onerror: ((event: never) => void) | null = null;
  readonly sent: (string | Uint8Array)[] = [];
  readonly closes: unknown[][] = [];

  constructor(
    readonly url: string,
    readonly protocols: string,
  ) {
    FakeSocket.last = this;
  }

  send(data: string | Uint8Array): void {
    this.sent.push(data);
  }

  close(...args: unknown[]): void {
    this.closes.push(args);
  }

  opens(): void {
    this.readyState = 1;
    this.onopen?.({} as never);
  }

  says(data: string | ArrayBuffer): void {
    this.onmessage?.({ data } as never);
  }

  ends(code: number, reason = ''): void {
    this.readyState = 3;
    this.onclose?.({ code, reason } as never);
  }
}

/** An open link over a socket that is moved by hand. */
export function openFake(options: { highWaterMark?: number; scheduler?: VirtualTimeScheduler } = {}) {
  const heard = listener();
  const transport = createWebSocketTransport({ url: 'ws://chunks.example', WebSocket: FakeSocket, ...options });
  const link = transport.connect(heard.events);
  FakeSocket.last.opens();
  return { ...heard, link, socket: FakeSocket.last };
}
