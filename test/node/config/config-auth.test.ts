import { generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SignJWT } from 'jose';
import { createApiKey } from 'sluice/auth/api-keys';
import { signStream } from 'sluice/auth/signed-streams';
import { type ConfigInput, configAuth, configSchema } from 'sluice/node/config';
import { afterAll, describe, expect, it } from 'vitest';
import { asking, bearing } from '../../auth/asking.js';
import { type RedisServer, redisPath, startRedis } from '../../servers/redis.js';

const folder = mkdtempSync(join(tmpdir(), 'sluice-auth-'));
afterAll(() => rmSync(folder, { recursive: true }));

function file(name: string, text: string): string {
  writeFileSync(join(folder, name), text);
  return join(folder, name);
}

const read = async (config: Pick<ConfigInput, 'auth' | 'quotas'>) => await configAuth(configSchema.parse(config));
const { key, record } = createApiKey('ann');
const secret = 'a secret that has at least 32 bytes';

describe('configAuth', () => {
  it('asks nobody and counts nothing where nothing is said', async () => {
    expect(await read({})).toEqual({});
  });

  it.each([
    ['a list', JSON.stringify([record])],
    ['a record a line', `${JSON.stringify(createApiKey('bob').record)}\n\n${JSON.stringify(record)}\n`],
  ])('knows API keys of a file that is %s', async (_, text) => {
    const { authenticate } = await read({ auth: { apiKeys: file('keys', text) } });
    expect(await authenticate!(bearing(key))).toEqual({ id: 'ann' });
  });

  it('bounds guesses, unless it is told not to', async () => {
    const keys = file('some-keys', JSON.stringify([record]));
    const guesses = async (auth: ConfigInput['auth']) => (await read({ auth: { apiKeys: keys, ...auth } })).guesses;
    expect([
      await guesses({}),
      await guesses({ guessesPerMinute: 5 }),
      await guesses({ guessesPerMinute: Infinity }),
    ]).toEqual([{ amount: 60 }, { amount: 5 }, false]);
  });

  it('knows tokens and signatures beside them', async () => {
    const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const pem = publicKey.export({ format: 'pem', type: 'spki' }) as string;
    const { authenticate } = await read({
      auth: {
        jwtPublicKey: file('key.pem', pem),
        jwtAlgorithms: ['ES256'],
        jwtIssuer: 'me',
        jwtAudience: 'you',
        signingKeys: [`one=${secret}`],
      },
    });
    const token = await new SignJWT({ sub: 'cid', iss: 'me', aud: 'you' })
      .setProtectedHeader({ alg: 'ES256' })
      .setExpirationTime('1m')
      .sign(privateKey);
    expect(await authenticate!(bearing(token))).toMatchObject({ id: 'cid' });
    const access = signStream({ id: 'one', secret }, { stream: 'a' });
    expect(await authenticate!(asking({}, `/?access=${access}`))).toMatchObject({ scopes: ['read:a'] });
    const { authenticate: bySecret } = await read({
      auth: { jwtSecret: secret, jwtAlgorithms: ['HS256'], jwtIssuer: 'me', jwtAudience: 'you' },
    });
    expect(await bySecret!(bearing('slk_x'))).toBeUndefined();
    const byUrl = {
      jwksUrl: 'https://example.com/jwks',
      jwtAlgorithms: ['ES256'],
      jwtIssuer: 'me',
      jwtAudience: 'you',
    };
    expect((await read({ auth: byUrl })).authenticate).toBeTypeOf('function');
  });

  it('counts in memory', async () => {
    const { quotas } = await read({ quotas: { store: 'memory', requestsPerMinute: 1, readBytesPerDay: 5 } });
    expect([await quotas!.spend('a', 'requests', 1), await quotas!.spend('a', 'readBytes', 5)]).toEqual([
      undefined,
      undefined,
    ]);
    expect(await quotas!.spend('a', 'requests', 1)).toBeGreaterThan(0);
    expect(await quotas!.spend('a', 'readBytes', 1)).toBeGreaterThan(60_000);
    const endless = await read({ quotas: { store: 'memory' } });
    expect(await endless.quotas!.spend('a', 'readBytes', 2 ** 50)).toBeUndefined();
  });

  it.skipIf(redisPath === undefined)('counts in Redis', async () => {
    const server: RedisServer = await startRedis();
    const { quotas } = await read({ quotas: { store: server.url } });
    expect(await quotas!.spend('a', 'requests', 1)).toBeUndefined();
    await server.dispose();
  });

  it.each<[Pick<ConfigInput, 'auth' | 'quotas'>, string]>([
    [{ auth: { apiKeys: join(folder, 'none') } }, 'auth.apiKeys: ENOENT'],
    [{ auth: { apiKeys: file('bad', 'hunter2') } }, 'auth.apiKeys: must be JSON'],
    [{ auth: { apiKeys: file('odd', '[{"id":"x"}]') } }, 'auth.apiKeys: API keys: 0.hash'],
    [{ auth: { jwtSecret: secret } }, 'auth: algorithms must be a list'],
    [{ auth: { jwtSecret: secret, jwtAlgorithms: ['HS256'] } }, 'auth: issuer must be a string'],
    [{ auth: { jwtSecret: secret, jwtAlgorithms: ['HS256'], jwtIssuer: 'me' } }, 'auth: audience must be a string'],
    [{ auth: { signingKeys: ['short'] } }, 'auth.signingKeys: each must be ID=SECRET'],
    [{ auth: { signingKeys: ['a=short'] } }, 'auth.signingKeys: secret of a key must have'],
    [{ quotas: { store: 'disk' } }, 'quotas.store: must be off, memory or the URL of a Redis'],
  ])('refuses %j, and names the setting', async (config, message) => {
    await expect(read(config)).rejects.toMatchObject({
      code: 'config-invalid',
      message: expect.stringContaining(message) as unknown,
    });
    await expect(read(config)).rejects.not.toThrow('hunter2');
  });
});
