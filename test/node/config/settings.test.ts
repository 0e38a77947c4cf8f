import { type Setting, settings, shown } from 'sluice/node/config';
import { describe, expect, it } from 'vitest';
import { valueOfText } from '../../../src/node/config/settings.js';

const named = (name: string): Setting | undefined => settings.find((setting) => setting.name === name);

describe('settings', () => {
  it('are called alike everywhere', () => {
    expect(named('websocket.pingMs')).toMatchObject({
      path: ['websocket', 'pingMs'],
      variable: 'SLUICE_WEBSOCKET_PING_MS',
      flag: '--websocket-ping-ms',
      kind: 'number',
      fallback: 30_000,
    });
    expect(named('module')).toMatchObject({ variable: 'SLUICE_MODULE', fallback: undefined });
  });

  it('have no two the same name, and each says what it is for', () => {
    for (const key of ['name', 'variable', 'flag'] as const) {
      expect(new Set(settings.map((setting) => setting[key])).size).toBe(settings.length);
    }
    expect(settings.filter(({ description, values }) => description === '' || values === '')).toEqual([]);
  });

  it.each([
    ['number', '12', 12],
    ['number', 'Infinity', Infinity],
    ['number', '1e3', '1e3'],
    ['number', '', ''],
    ['flag', 'true', true],
    ['flag', '0', false],
    ['flag', 'on', 'on'],
    ['list', 'a, b', ['a', 'b']],
    ['list', '', []],
    ['json', '{"a":1}', { a: 1 }],
    ['json', '{', '{'],
    ['text', '12', '12'],
  ] as const)('%s: the text %j says %j', (kind, text, value) => {
    expect(valueOfText({ kind }, text)).toEqual(value);
  });

  it.each([
    [{ secret: true }, 'hush', '***'],
    [{ secret: true }, [{ key: 'hush' }], '***'],
    [{ secret: true }, [], []],
    [{ secret: true }, undefined, undefined],
    [{ secret: 'url' }, 'redis://me:hush@host:1/0', 'redis://***@host:1/0'],
    [{ secret: 'url' }, 'redis://me:hu@sh@host:1/0', 'redis://***@host:1/0'],
    [{ secret: 'url' }, 'redis://host:1', 'redis://host:1'],
    [{}, 'open', 'open'],
  ] as const)('shows no secrets: %j %j', (setting, value, told) => {
    expect(shown(setting, value)).toEqual(told);
  });
});
