import { describe, expect, it } from 'vitest';
import { documentsDoor } from '../../src/node/documents-door.js';
import { openDoors } from './doors.js';

describe('documentsDoor', () => {
  it.each([
    ['/openapi.json', 'openapi'],
    ['/asyncapi.json', 'asyncapi'],
  ])('shows %s, the same each time', async (path, field) => {
    const { url } = await openDoors(documentsDoor());
    const shown = await fetch(url + path);
    expect([shown.status, shown.headers.get('content-type')]).toEqual([200, 'application/json; charset=utf-8']);
    const text = await shown.text();
    expect(JSON.parse(text)).toMatchObject({
      [field]: expect.stringMatching(/^3\./) as unknown,
      info: { title: 'sluice' },
    });
    expect(await (await fetch(`${url}${path}?again`)).text()).toBe(text);
    expect((await fetch(url + path, { method: 'POST' })).status).toBe(405);
    expect((await fetch(`${url}/other.json`)).status).toBe(404);
  });
});
