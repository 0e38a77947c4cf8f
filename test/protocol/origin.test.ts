import { describe, expect, it } from 'vitest';
import { checkOrigins, originAllowed, type Origins } from '../../src/protocol/origin.js';

const host = 'chunks.example:4437';

describe('originAllowed', () => {
  it.each([
    ['no origin: it is no page that asks', undefined, undefined, true],
    ['the host itself', undefined, 'http://chunks.example:4437', true],
    ['the host itself in other letters', undefined, 'HTTP://CHUNKS.example:4437', true],
    ['another port', undefined, 'http://chunks.example:8080', false],
    ['another host', undefined, 'http://evil.example', false],
    ['a host that begins alike', undefined, 'http://chunks.example:4437.evil.example', false],
    ['a page without an origin', undefined, 'null', false],
    ['no address', undefined, 'chunks.example:4437', false],
    ['one that is listed', ['https://app.example'], 'https://app.example', true],
    ['one that is listed, in other letters', ['https://app.example'], 'https://APP.example', true],
    ['the host itself, not listed', ['https://app.example'], 'http://chunks.example:4437', false],
    ['any, when all are', ['*'], 'http://evil.example', true],
    ['one a function allows', (origin: string) => origin.endsWith('.example'), 'https://app.example', true],
    ['one a function refuses', () => false, 'https://app.example', false],
  ] as const)('%s', (_, origins, origin, allowed) => {
    expect(originAllowed(origins, { origin, host })).toBe(allowed);
  });

  it('refuses when the function throws, so that no header can end the server', () => {
    const origins = (origin: string) => new URL(origin).host === host;
    expect(originAllowed(origins, { origin: 'http://chunks.example:4437', host })).toBe(true);
    expect(originAllowed(origins, { origin: 'no address', host })).toBe(false);
  });

  it('takes a default port for the same as none', () => {
    expect(originAllowed(undefined, { origin: 'https://chunks.example', host: 'chunks.example:443' })).toBe(true);
    expect(originAllowed(undefined, { origin: 'https://chunks.example', host: 'chunks.example:80' })).toBe(false);
  });

  it('refuses a page that asks a server without a name', () => {
    expect(originAllowed(undefined, { origin: 'https://chunks.example' })).toBe(false);
    expect(originAllowed(undefined, { origin: 'https://chunks.example', host: '' })).toBe(false);
  });
});

describe('checkOrigins', () => {
  it.each([undefined, [], ['*'], ['https://app.example', 'http://127.0.0.1:3000'], () => true])(
    'takes %j',
    (origins) => {
      expect(checkOrigins(origins)).toBe(origins);
    },
  );

  it.each([
    ['https://app.example', 'origins must be a list or a function, got a string'],
    [['app.example'], 'origins must hold origins such as "https://example.com", or "*", got "app.example"'],
    [['https://app.example/'], 'got "https://app.example/"'],
    [['https://App.example'], 'got "https://App.example"'],
    [[7], 'got a number'],
  ])('refuses %j', (origins, message) => {
    const check = () => checkOrigins(origins as unknown as Origins);
    expect(check).toThrow(TypeError);
    expect(check).toThrow(message);
  });
});
