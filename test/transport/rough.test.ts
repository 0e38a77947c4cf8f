import { VirtualTimeScheduler } from 'rxjs';
import { describe, expect, it } from 'vitest';
import type { ClientFrame, ServerFrame } from 'sluice/protocol';
import type { ClientLinkEvents, ClientTransport, Link } from 'sluice/transport';
import { createRoughTransport, type RoughTransportOptions } from 'sluice/transport/rough';

/** A transport whose server is the test. */
class Inner implements ClientTransport {
  events: ClientLinkEvents | undefined;
  readonly sent: unknown[] = [];
  readonly closed: number[] = [];
  writable = true;

  connect(events: ClientLinkEvents): Link {
    this.events = events;
    // A getter on the way, because the link must ask anew each time.
    const isWritable = (): boolean => this.writable;
    return {
      send: (frames) => void this.sent.push(...frames),
      get writable() {
        return isWritable();
      },
      close: (code) => void this.closed.push(code),
    };
  }
}

function open(options: Omit<RoughTransportOptions, 'transport'> = {}) {
  const inner = new Inner();
  const scheduler = new VirtualTimeScheduler();
  const heard: unknown[] = [];
  const transport = createRoughTransport({ transport: inner, random: () => 0.5, scheduler, ...options });
  const link = transport.connect({
    opened: () => heard.push('opened'),
    frames: (frames) => heard.push(...frames),
    drained: () => heard.push('drained'),
    closed: (code, reason) => heard.push([code, reason]),
  });
  return { inner, scheduler, heard, transport, link };
}

const pong = (seq: number): ServerFrame => ({ t: 'pong', sent: [[0, seq]] });
const ping: ClientFrame<never> = { t: 'ping', grants: [] };

describe('createRoughTransport', () => {
  it('changes nothing unless told to', () => {
    const { inner, heard, link } = open();
    inner.events!.opened();
    inner.events!.frames([pong(1), pong(2)]);
    inner.events!.drained();
    link.send([ping]);
    inner.writable = false;
    expect(link.writable).toBe(false);
    expect(heard).toEqual(['opened', pong(1), pong(2), 'drained']);
    expect(inner.sent).toEqual([ping]);
    link.close(1000, 'enough');
    expect(inner.closed).toEqual([1000]);
  });

  it('loses messages, each way as told', () => {
    const { inner, heard, link } = open({ faults: { toClient: { loss: (n) => n === 1 }, toServer: { loss: 1 } } });
    for (const seq of [0, 1, 2]) inner.events!.frames([pong(seq)]);
    link.send([ping]);
    expect(heard).toEqual([pong(0), pong(2)]);
    expect(inner.sent).toEqual([]);
  });

  it('repeats messages', () => {
    const { inner, heard } = open({ faults: { toClient: { duplication: (n) => n === 0 } } });
    for (const seq of [0, 1]) inner.events!.frames([pong(seq)]);
    expect(heard).toEqual([pong(0), pong(0), pong(1)]);
  });

  it('lets later messages overtake', () => {
    const { inner, heard, scheduler } = open({
      faults: { toClient: { reordering: (n) => n === 0, reorderMs: [5, 5] } },
    });
    for (const seq of [0, 1]) inner.events!.frames([pong(seq)]);
    scheduler.flush();
    expect(heard).toEqual([pong(1), pong(0)]);
  });

  it('swallows messages of a half-open direction', () => {
    const { inner, heard } = open({ faults: { toClient: { halfOpen: (n) => n >= 1 } } });
    for (const seq of [0, 1, 2]) inner.events!.frames([pong(seq)]);
    expect(heard).toEqual([pong(0)]);
  });

  it('cuts: the client hears 1006 once, and nothing that was under way', () => {
    const { inner, heard, scheduler, transport, link } = open({ faults: { toClient: { delayMs: [3, 3] } } });
    inner.events!.frames([pong(0)]);
    transport.cut();
    inner.events!.frames([pong(1)]);
    inner.events!.closed(1000, '');
    link.send([ping]);
    scheduler.flush();
    expect(heard).toEqual([[1006, 'cut on purpose']]);
    expect(inner.closed).toEqual([1000]);
    expect(inner.sent).toEqual([]);
  });

  it('cuts with a message as told', () => {
    const { inner, heard, scheduler } = open({ faults: { toServer: {}, toClient: { cut: (n) => n === 1 } } });
    for (const seq of [0, 1, 2]) inner.events!.frames([pong(seq)]);
    scheduler.flush();
    expect(heard).toEqual([pong(0), [1006, 'cut on purpose']]);
  });

  it('passes on how the link beneath ended', () => {
    const { inner, heard } = open();
    inner.events!.closed(4408, 'silence');
    expect(heard).toEqual([[4408, 'silence']]);
  });

  it('refuses a probability that is none', () => {
    expect(() => open({ faults: { toClient: { loss: 2 } } })).toThrow('faults.toClient.loss');
  });
});
