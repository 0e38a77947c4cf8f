import { describe, expect, it } from 'vitest';
import { subprotocol } from '../../src/protocol/frame.js';

describe('subprotocol', () => {
  it('names the protocol and its version', () => {
    expect(subprotocol).toBe('sluice.v1');
  });
});
