import { describe, expect, it, vi } from 'vitest';
import type { StreamError } from 'sluice/chunk';
import { BadFrame, type OutgoingFrame, type ServerFrame } from 'sluice/protocol';
import { tapTransport } from '../../src/components/tap-transport.js';
import type { ClientLinkEvents, Link } from '../../src/transport/transport.js';

function stage() {
  let heard!: ClientLinkEvents;
  const link = { send: vi.fn(), writable: true as boolean, close: vi.fn() } satisfies Link;
  const listener = { received: vi.fn(), sent: vi.fn() };
  const transport = tapTransport({ connect: (events) => ((heard = events), link) }, listener);
  const events = { opened: vi.fn(), frames: vi.fn(), drained: vi.fn(), closed: vi.fn() };
  return { tapped: transport.connect(events), link, listener, events, heard: () => heard };
}

describe('tapTransport', () => {
  it('hears what comes, without what is no frame, and hands all of it on', () => {
    const { events, heard, listener } = stage();
    const frames: (ServerFrame | BadFrame)[] = [
      { t: 'pong', sent: [] },
      new BadFrame({} as StreamError, 'data', undefined, undefined, undefined),
    ];
    heard().frames(frames);
    expect(listener.received.mock.calls).toEqual([[frames[0]]]);
    expect(events.frames).toHaveBeenCalledWith(frames);
  });

  it('hears what goes, and sends it', () => {
    const { tapped, link, listener } = stage();
    const frame: OutgoingFrame = { t: 'ping', grants: [] };
    tapped.send([frame]);
    expect(listener.sent).toHaveBeenCalledWith(frame);
    expect(link.send).toHaveBeenCalledWith([frame]);
  });

  it('changes nothing else', () => {
    const { tapped, link, events, heard } = stage();
    heard().opened();
    heard().drained();
    heard().closed(1000, 'over');
    tapped.close(1001, 'gone');
    expect(events.opened).toHaveBeenCalledOnce();
    expect(events.drained).toHaveBeenCalledOnce();
    expect(events.closed).toHaveBeenCalledWith(1000, 'over');
    expect(link.close).toHaveBeenCalledWith(1001, 'gone');
    link.writable = false;
    expect(tapped.writable).toBe(false);
  });
});
