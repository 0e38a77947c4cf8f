import type { EncodedChunk } from '../../chunk/index.js';
import { BadFrame, type ClientFrame, type OutgoingFrame } from '../../protocol/index.js';
import type { Finding } from './finding.js';

/** @internal What was sent without credit. */
export type Wrong = Pick<Finding, 'what' | 'seq'> & { readonly stream: string };

/** What one subscription was granted, and what it was sent. */
interface Account {
  readonly stream: string;
  chunks: number;
  bytes: number;
  sentChunks: number;
  sentBytes: number;
  /** Number of the first chunk that was never sent. */
  next: number;
}

/**
 * Keeps the server's accounts a second time, from the frames alone: nothing may be sent for the first time beyond what was
 * granted.
 *
 * @internal
 */
export class CreditLedger {
  private readonly links = new Map<number, LinkAccounts>();

  constructor(private readonly tell: (client: number, wrong: Wrong) => void) {}

  /** The server heard frames over a link. */
  hears(link: number, frames: readonly (ClientFrame | BadFrame)[]): void {
    const accounts = this.of(link);
    for (const frame of frames) if (!(frame instanceof BadFrame)) accounts.hear(frame);
  }

  /** The server said frames to a client, over a link. */
  says(client: number, link: number, frames: readonly OutgoingFrame[]): void {
    const accounts = this.of(link);
    for (const frame of frames) {
      const wrong = accounts.say(frame);
      if (wrong !== undefined) this.tell(client, wrong);
    }
  }

  private of(link: number): LinkAccounts {
    const known = this.links.get(link);
    if (known !== undefined) return known;
    const accounts = new LinkAccounts();
    this.links.set(link, accounts);
    return accounts;
  }
}

class LinkAccounts {
  private readonly byStream = new Map<string, Account>();
  private readonly byChannel = new Map<number, Account>();

  hear(frame: ClientFrame): void {
    switch (frame.t) {
      case 'subscribe':
        return this.open(frame.stream, frame.chunks, frame.bytes);
      case 'credit':
        return grant(this.byChannel.get(frame.ch), frame.chunks, frame.bytes);
      case 'ping':
        for (const [ch, chunks, bytes] of frame.grants) grant(this.byChannel.get(ch), chunks, bytes);
        return undefined;
      case 'unsubscribe':
        return this.close(frame.ch);
      default:
        return undefined;
    }
  }

  private open(stream: string, chunks: number, bytes: number): void {
    const known = this.byStream.get(stream);
    if (known !== undefined) return grant(known, chunks, bytes);
    this.byStream.set(stream, { stream, chunks, bytes, sentChunks: 0, sentBytes: 0, next: -1 });
    return undefined;
  }

  private close(ch: number): void {
    const account = this.byChannel.get(ch);
    if (account === undefined) return;
    this.byChannel.delete(ch);
    this.byStream.delete(account.stream);
  }

  say(frame: OutgoingFrame): Wrong | undefined {
    switch (frame.t) {
      case 'subscribed': {
        const account = this.byStream.get(frame.stream);
        if (account === undefined) return undefined;
        if (account.next < 0) account.next = frame.seq;
        this.byChannel.set(frame.ch, account);
        return undefined;
      }
      case 'data':
        return this.send(this.byChannel.get(frame.ch), frame.seq, frame.chunks);
      case 'gap': {
        const account = this.byChannel.get(frame.ch);
        if (account !== undefined) account.next = Math.max(account.next, frame.to);
        return undefined;
      }
      case 'error':
        if (frame.ch !== undefined) this.close(frame.ch);
        return undefined;
      default:
        return undefined;
    }
  }

  private send(account: Account | undefined, from: number, chunks: readonly EncodedChunk[]): Wrong | undefined {
    // Sent before the server knew that nobody wants it any more.
    if (account === undefined) return undefined;
    for (let seq = Math.max(from, account.next); seq < from + chunks.length; seq++) {
      const { stream, sentChunks, sentBytes } = account;
      const spent = sentChunks >= account.chunks || sentBytes >= account.bytes;
      const sent = `${sentChunks} chunks of ${sentBytes} bytes`;
      const granted = `${account.chunks} chunks of ${account.bytes} bytes`;
      if (spent)
        return { what: `the server sent chunk ${seq} without credit: sent ${sent}, granted ${granted}`, stream, seq };
      account.sentChunks++;
      account.sentBytes += chunks[seq - from]!.size;
      account.next = seq + 1;
    }
    return undefined;
  }
}

function grant(account: Account | undefined, chunks: number, bytes: number): void {
  if (account === undefined) return;
  account.chunks = Math.max(account.chunks, chunks);
  account.bytes = Math.max(account.bytes, bytes);
}
