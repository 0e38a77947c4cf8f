import { describe, expect, it } from 'vitest';
import { isClosedAddress, webhookProblem } from '../../../src/durable/subscription/webhook-url.js';

describe('isClosedAddress', () => {
  it.each([
    '0.0.0.0',
    '10.0.0.1',
    '100.64.0.1',
    '127.0.0.1',
    '169.254.169.254',
    '172.16.0.1',
    '172.31.255.255',
    '192.168.1.1',
    '198.18.0.1',
    '224.0.0.1',
    '255.255.255.255',
    '::',
    '::1',
    'fe80::1',
    'fe80::1%eth0',
    'fd00::1',
    'ff02::1',
    '::ffff:10.0.0.1',
    '::ffff:a00:1',
    '::10.0.0.1',
    '64:ff9b::a9fe:a9fe',
    '2002:7f00:1::',
    '2001:db8::1',
    'nonsense',
    '1::2::3',
    '1:2:3',
    '12345::',
  ])('%s is closed', (address) => expect(isClosedAddress(address)).toBe(true));

  it.each([
    '1.1.1.1',
    '172.32.0.1',
    '11.0.0.1',
    '2606:4700::1111',
    '::ffff:1.1.1.1',
    '2002:101:101::',
    '2a00:1:2:3:4:5:6:7',
  ])('%s is open', (address) => expect(isClosedAddress(address)).toBe(false));
});

describe('webhookProblem', () => {
  it.each(['http://localhost/', 'https://localhost/', 'http://127.0.0.5/', 'https://2130706433/', 'https://0x7f.1/'])(
    'takes %s only for development',
    (url) => expect([webhookProblem(url, true), typeof webhookProblem(url, false)]).toEqual([undefined, 'string']),
  );

  it.each([
    'https://worker.example/hooks',
    'https://1.1.1.1/x',
    'https://[2606:4700::1111]:8443/',
    'http://localhost:3000/hook',
    'http://127.0.0.5/hook',
    'https://localhost/',
  ])('takes %s', (url) => expect(webhookProblem(url, true)).toBeUndefined());

  it.each([
    'http://worker.example/hooks',
    'http://10.0.0.1/hook',
    'https://10.0.0.1/hook',
    'https://0x7f.1.1.1/',
    'https://167772161/',
    'https://[::1]/',
    'https://[::ffff:169.254.169.254]/',
    'https://169.254.169.254/latest/meta-data',
    'http://127.1.0.1/',
    'https://intranet/',
    'https://db.internal/',
    'https://printer.local./',
    'https://x.localhost/',
    'https://user:secret@worker.example/',
    'ftp://localhost/',
    'file:///etc/passwd',
    'worker.example',
    '',
    `https://worker.example/${'x'.repeat(3000)}`,
  ])('refuses %s', (url) => expect(webhookProblem(url, true)).toBeTypeOf('string'));
});
