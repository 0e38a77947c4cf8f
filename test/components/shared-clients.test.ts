import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { lendClient } from '../../src/components/shared-clients.js';

describe('lendClient', () => {
  beforeEach(() => void vi.stubGlobal('WebSocket', class {}));
  afterEach(() => void vi.unstubAllGlobals());

  it('lends one client for a server, and closes it when the last has given it back', () => {
    const [one, two] = [lendClient('http://127.0.0.1:1'), lendClient('http://127.0.0.1:1')];
    expect(one.client).toBe(two.client);
    const close = vi.spyOn(one.client, 'close');
    one.giveBack();
    one.giveBack();
    expect(close).not.toHaveBeenCalled();
    two.giveBack();
    expect(close).toHaveBeenCalledOnce();
    const fresh = lendClient('http://127.0.0.1:1');
    expect(fresh.client).not.toBe(one.client);
    fresh.giveBack();
  });

  it('lends others for other servers, and for other tokens', () => {
    const lent = [lendClient('http://a'), lendClient('http://b'), lendClient('http://a', 'secret')];
    expect(new Set(lent.map(({ client }) => client)).size).toBe(3);
    for (const { giveBack } of lent) giveBack();
  });
});
