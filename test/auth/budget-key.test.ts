import { describe, expect, it } from 'vitest';
import { budgetKey, networkOf } from '../../src/auth/budget-key.js';

describe('budgetKey', () => {
  it('counts somebody known by who he is, and nobody in particular by where he comes from', () => {
    expect(budgetKey({ id: 'ann' }, '192.0.2.1')).toBe('ann');
    expect(budgetKey(undefined, '192.0.2.1')).toBe('address 192.0.2.1');
    expect(budgetKey(undefined, undefined)).toBe('address nowhere');
  });

  it.each([
    ['192.0.2.1', '192.0.2.1'],
    ['::ffff:192.0.2.1', '192.0.2.1'],
    ['::FFFF:c000:0201', '192.0.2.1'],
    ['0:0:0:0:0:ffff:192.0.2.1', '192.0.2.1'],
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
    ['2001:db8:1:2::', '2001:db8:1:2::/64'],
    ['2001:DB8:1:2:ffff::1', '2001:db8:1:2::/64'],
    ['2001:0db8:0001:0002::192.0.2.1', '2001:db8:1:2::/64'],
    ['2001:db8:1:3::1', '2001:db8:1:3::/64'],
    ['fe80::1%eth0', 'fe80:0:0:0::/64'],
    ['::1', '0:0:0:0::/64'],
    ['::', '0:0:0:0::/64'],
    // None of Node's; each counts as what it is.
    ['1:2', '1:2'],
    ['1::2::3', '1::2::3'],
    ['1:2:3:4:5:6:7:8:9', '1:2:3:4:5:6:7:8:9'],
    ['::12345', '::12345'],
    ['::300.0.0.1', '::300.0.0.1'],
    ['a door: 7', 'a door: 7'],
  ])('takes %s for %s', (address, network) => {
    expect(networkOf(address)).toBe(network);
  });
});
