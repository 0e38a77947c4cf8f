import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readConfig, type ReadConfigOptions } from 'sluice/node/config';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

let empty = '';
let folder = '';
beforeAll(() => {
  empty = mkdtempSync(join(tmpdir(), 'sluice-config-'));
  folder = mkdtempSync(join(tmpdir(), 'sluice-config-'));
  writeFileSync(join(folder, 'sluice.config.json'), '{ "port": 1, "maxConnections": 1, "sse": { "retryMs": 1 } }');
});
afterAll(() => {
  for (const one of [empty, folder]) rmSync(one, { recursive: true });
});

const read = async (options: ReadConfigOptions) => await readConfig({ folder: empty, environment: {}, ...options });

describe('readConfig', () => {
  it('heeds flags before the environment, that before the file, and that before defaults', async () => {
    const { config, settings, file } = await read({
      folder,
      environment: { SLUICE_PORT: '2', SLUICE_MAX_CONNECTIONS: '2', SLUICE_SSE_HEARTBEAT_MS: '2' },
      flags: { port: '3', allowPublic: true },
    });
    expect(file).toBe(join(folder, 'sluice.config.json'));
    expect(config).toMatchObject({
      port: 3,
      maxConnections: 2,
      allowPublic: true,
      sse: { retryMs: 1, heartbeatMs: 2 },
    });
    const from = Object.fromEntries(settings.map((setting) => [setting.name, [setting.value, setting.from]]));
    expect(from).toMatchObject({
      port: [3, '--port'],
      maxConnections: [2, 'SLUICE_MAX_CONNECTIONS'],
      'sse.retryMs': [1, 'sluice.config.json'],
      'sse.heartbeatMs': [2, 'SLUICE_SSE_HEARTBEAT_MS'],
      host: ['127.0.0.1', 'default'],
    });
  });

  it('reads the file that an option names, or the environment', async () => {
    const named = join(folder, 'sluice.config.json');
    expect((await read({ file: named })).config.port).toBe(1);
    expect((await read({ environment: { SLUICE_CONFIG: named } })).config.port).toBe(1);
    const none = await read({});
    expect([none.file, none.config.port]).toEqual([undefined, 4437]);
  });

  it('names variables that look like settings and are none', async () => {
    const environment = { SLUICE_PROT: '1', SLUICE_CONFIG: undefined, SLUICE_SERVER: 'http://there', HOME: 'here' };
    expect((await read({ environment })).unknown).toEqual(['SLUICE_PROT']);
  });

  it.each([
    [
      { environment: { SLUICE_PORT: 'x' } },
      'port',
      'port (SLUICE_PORT): must be a whole number, 0 to 65535, got a string',
    ],
    [{ flags: { port: '65536' } }, 'port', 'port (--port): must be a whole number, 0 to 65535, got 65536'],
    [
      { flags: { origins: ['a', ''] } },
      'origins.1',
      'origins.1 (--origins): must be a list of texts, got an empty string',
    ],
    [{ flags: { 'streams.overflow': 'weep' } }, 'streams.overflow', 'must be one of refuse, drop-oldest, got a string'],
  ])('says which setting is wrong, who says it, and what it is: %j', async (options, field, message) => {
    await expect(read(options)).rejects.toMatchObject({
      code: 'config-invalid',
      details: { field },
      message: expect.stringContaining(message) as unknown,
    });
  });

  it.each([
    ['{ "sse": 3 }', 'sse (a.json): Invalid input: expected object, got a number'],
    ['{ "sse": null }', 'sse (a.json): Invalid input: expected object, got null'],
    ['{ "sse": { "retry": 3 } }', 'sse (a.json): Unrecognized key: "retry"'],
    ['{ "prot": 3 }', 'configuration (a.json): Unrecognized key: "prot"'],
    ['[]', 'configuration (a.json): Invalid input: expected object, got an array'],
    ['3', 'configuration (a.json): Invalid input: expected object, got a number'],
  ])('says what is wrong with a file: %s', async (text, message) => {
    const file = join(empty, 'a.json');
    writeFileSync(file, text);
    await expect(read({ file })).rejects.toThrow(message);
    // Nor does what else is said put it right.
    await expect(read({ file, environment: { SLUICE_SSE_RETRY_MS: '5', SLUICE_PORT: '5' } })).rejects.toThrow(message);
  });

  it('takes nothing that a file inherits', async () => {
    const file = join(empty, 'b.json');
    writeFileSync(file, '{ "__proto__": { "port": 1 } }');
    await expect(read({ file })).rejects.toThrow('Unrecognized key: "__proto__"');
  });
});
