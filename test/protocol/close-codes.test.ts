import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { closeCodes, closeName, mayReconnect } from '../../src/protocol/close-codes.js';

describe('closeCodes', () => {
  it('are numbers WebSocket allows, each once', () => {
    const codes = Object.values(closeCodes);
    expect(new Set(codes).size).toBe(codes.length);
    for (const code of codes)
      expect([1000, 1001, 1006, 1007, 1009, 1011].includes(code) || (code >= 4000 && code < 5000)).toBe(true);
  });

  it('are those of PROTOCOL.md, and so is whether to connect again', () => {
    const text = readFileSync(new URL('../../PROTOCOL.md', import.meta.url), 'utf8');
    const rows = Array.from(
      text.matchAll(/^\| (\d{4}) \| `([a-z0-9-]+)`[^|]*\| (yes|no)/gm),
      ([, code, name, again]) => [Number(code), name, again === 'yes'],
    );
    expect(rows).toEqual(Object.entries(closeCodes).map(([name, code]) => [code, name, mayReconnect(code)]));
  });
});

describe('closeName', () => {
  it('names every code', () => {
    for (const [name, code] of Object.entries(closeCodes)) expect(closeName(code)).toBe(name);
  });

  it.each([0, 1005, 1015, 3000, 4999, NaN])('takes %o, which it does not know, for a broken connection', (code) => {
    expect(closeName(code)).toBe('lost');
  });
});

describe('mayReconnect', () => {
  it('is worth trying after a code nobody knows', () => {
    expect(mayReconnect(4999)).toBe(true);
  });
});
