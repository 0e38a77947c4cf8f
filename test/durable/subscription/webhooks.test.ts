import { describe, expect, it } from 'vitest';
import { readToken, signatureHeader, tokenOf } from '../../../src/durable/subscription/webhooks.js';
import { nodeWebhooks } from '../../../src/node/webhooks.js';

describe('webhooks', () => {
  const webhooks = nodeWebhooks();

  it('say who sent a body, and when', () => {
    const header = signatureHeader({ ...webhooks, kid: 'k', sign: (text) => `<${text}>` }, '{}', 12_345);
    expect(header).toBe('t=12,kid=k,ed25519=<12.{}>');
  });

  it('give out tokens for one wake of one subscription', () => {
    const token = tokenOf(webhooks, 's', 'w_1', 7);
    expect(readToken(webhooks, 's', `Bearer ${token}`)).toEqual({ wakeId: 'w_1', generation: 7 });
    expect(readToken(webhooks, 's', `bearer ${token}`)).toBeDefined();
    const others = [
      undefined,
      '',
      token,
      `Bearer ${token}x`,
      `Bearer ${token.replace('.7.', '.8.')}`,
      'Bearer w_1.7.',
      `Basic ${token}`,
    ];
    for (const other of others) expect(readToken(webhooks, 's', other)).toBeUndefined();
    expect(readToken(webhooks, 't', `Bearer ${token}`)).toBeUndefined();
    expect(readToken(nodeWebhooks(), 's', `Bearer ${token}`), 'another key').toBeUndefined();
  });
});
