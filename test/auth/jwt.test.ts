import { createHmac, generateKeyPairSync, sign } from 'node:crypto';
import { createServer, type Server } from 'node:http';
import { exportJWK, exportSPKI, generateKeyPair, type JWTPayload, SignJWT, UnsecuredJWT } from 'jose';
import { afterEach, describe, expect, it } from 'vitest';
import type { Authenticate, Principal } from 'sluice/auth/auth';
import { jwt, type JwtOptions } from 'sluice/auth/jwt';
import { asking, bearing } from './asking.js';

const secret = 'a secret that has at least 32 bytes';
const issuer = 'https://id.example.com';
const audience = 'sluice';
const base: JwtOptions = { secret, algorithms: ['HS256'], issuer, audience };
const seconds = () => Math.floor(Date.now() / 1000);

const pair = await generateKeyPair('ES256', { extractable: true });
const jwk = { ...(await exportJWK(pair.publicKey)), kid: 'one' };

/** Making it takes long: the same for all that go with it. */
const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 });

async function pairOf(alg: string) {
  return /^[RP]S/.test(alg) ? rsa : await generateKeyPair(alg, { extractable: true });
}

interface Made {
  readonly claims?: JWTPayload;
  readonly expires?: number;
  readonly alg?: string;
  readonly key?: Parameters<SignJWT['sign']>[0];
  readonly kid?: string;
}

async function token({ claims = {}, expires = seconds() + 60, alg = 'HS256', key, kid }: Made = {}): Promise<string> {
  return await new SignJWT({ sub: 'ann', iss: issuer, aud: audience, ...claims })
    .setProtectedHeader({ alg, ...(kid === undefined ? {} : { kid }) })
    .setExpirationTime(expires)
    .sign(key ?? new TextEncoder().encode(secret));
}

/** The same with another signature: its last letters would not do, some of their bits say nothing. */
function spoilt(good: string): string {
  const at = good.lastIndexOf('.') + 1;
  return good.slice(0, at) + (good[at] === 'A' ? 'B' : 'A') + good.slice(at + 1);
}

async function refusal(authenticate: Authenticate, bad: string): Promise<unknown> {
  try {
    await authenticate(bearing(bad));
  } catch (error) {
    return error;
  }
  return 'accepted';
}

const servers: Server[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) server.close();
});

describe('jwt', () => {
  it('knows who bears a token, what it is good for, and until when', async () => {
    const expires = seconds() + 60;
    const found = await jwt(base)(bearing(await token({ expires, claims: { scope: 'read:books/* list' } })));
    expect(found).toMatchObject({ id: 'ann', scopes: ['read:books/*', 'list'], expiresAt: expires * 1000 + 5000 });
    expect(found?.claims).toMatchObject({ iss: issuer });
  });

  it.each<[JWTPayload, readonly string[] | undefined]>([
    [{}, undefined],
    [{ scp: ['read', 'list'] }, ['read', 'list']],
    [{ scope: 5 }, []],
  ])('reads scopes of %j', async (claims, scopes) => {
    expect((await jwt(base)(bearing(await token({ claims }))))?.scopes).toEqual(scopes);
  });

  it('takes each of its algorithms with one secret, again and again, whatever becomes of the bytes it was given', async () => {
    const algorithms = ['HS256', 'HS384', 'HS512'];
    const bytes = new TextEncoder().encode(secret);
    const authenticate = jwt({ ...base, secret: bytes, algorithms });
    bytes.fill(0);
    for (const alg of [...algorithms, ...algorithms]) {
      const bearer = bearing(await token({ alg, claims: { jti: crypto.randomUUID() } }));
      expect(await authenticate(bearer)).toMatchObject({ id: 'ann' });
    }
  });

  it('asks for the principal as it is told', async () => {
    const principal = ({ email }: JWTPayload): Principal => ({ id: String(email) });
    const authenticate = jwt({ ...base, principal });
    expect(await authenticate(bearing(await token({ claims: { email: 'a@b' } })))).toMatchObject({ id: 'a@b' });
  });

  it('says nothing of requests without a token, and of tokens of another kind', async () => {
    for (const none of [asking(), bearing('slk_x'), asking({ authorization: 'Basic a.b.c' })]) {
      expect(await jwt(base)(none)).toBeUndefined();
    }
  });

  it('refuses tokens that are forged, for others, or whose time is over', async () => {
    const authenticate = jwt({ ...base, clockToleranceMs: 0 });
    const good = await token();
    const cases: readonly (readonly [string, string, string])[] = [
      [await token({ expires: seconds() - 1 }), 'expired', 'the time of the token is over'],
      [await token({ key: new TextEncoder().encode('b'.repeat(32)) }), 'unauthenticated', 'not signed as it should be'],
      [spoilt(good), 'unauthenticated', 'not signed as it should be'],
      [await token({ claims: { aud: 'others' } }), 'unauthenticated', 'its aud is not the right one'],
      [await token({ claims: { iss: 'https://evil.example.com' } }), 'unauthenticated', 'its iss is not'],
      [await token({ claims: { sub: undefined as never } }), 'unauthenticated', 'its sub is not'],
      [
        await token({ alg: 'HS512', key: new TextEncoder().encode(secret.repeat(2)) }),
        'unauthenticated',
        'its algorithm',
      ],
      [
        new UnsecuredJWT({ sub: 'ann', iss: issuer, aud: audience }).setExpirationTime('1h').encode(),
        'unauthenticated',
        '',
      ],
      ['a.b.c', 'unauthenticated', 'not signed as it should be'],
    ];
    for (const [bad, code, message] of cases) {
      const error = await refusal(authenticate, bad);
      expect(error, bad).toMatchObject({ code, message: expect.stringContaining(message) as unknown });
      expect(`${String(error)}${JSON.stringify(error)}`, 'gives the token away').not.toContain(bad);
    }
  });

  it('does not take a public key for a secret', async () => {
    const pem = await exportSPKI(pair.publicKey);
    const forged = await token({ key: new TextEncoder().encode(pem) });
    expect(
      await refusal(jwt({ ...base, secret: undefined!, publicKey: pem, algorithms: ['ES256'] }), forged),
    ).toMatchObject({
      code: 'unauthenticated',
    });
  });

  it('knows a token again until its time is over, and so many of them', async () => {
    let time = Date.now();
    const authenticate = jwt({ ...base, maxRemembered: 1, clockToleranceMs: 0, now: () => time });
    const [one, two] = [await token(), await token({ claims: { sub: 'bob' } })];
    expect(authenticate(bearing(one))).toBeInstanceOf(Promise);
    await authenticate(bearing(one));
    expect(authenticate(bearing(one))).toMatchObject({ id: 'ann' });
    await authenticate(bearing(two));
    expect(authenticate(bearing(one))).toBeInstanceOf(Promise);
    await authenticate(bearing(one));
    time += 61_000;
    expect(await refusal(authenticate, one)).toMatchObject({ code: 'expired' });
  });

  it('remembers none where it is told so', async () => {
    const authenticate = jwt({ ...base, maxRemembered: 0 });
    const one = await token();
    await authenticate(bearing(one));
    expect(authenticate(bearing(one))).toBeInstanceOf(Promise);
  });

  it('checks signatures with a public key or a set of them', async () => {
    const signed = await token({ alg: 'ES256', key: pair.privateKey, kid: 'one' });
    const { secret: _, ...rest } = base;
    const settings = { ...rest, algorithms: ['ES256'] };
    expect(await jwt({ ...settings, publicKey: await exportSPKI(pair.publicKey) })(bearing(signed))).toMatchObject({
      id: 'ann',
    });
    expect(await jwt({ ...settings, jwks: { keys: [jwk] } })(bearing(signed))).toMatchObject({ id: 'ann' });
    const others = jwt({ ...settings, jwks: { keys: [{ ...jwk, kid: 'two' }] } });
    expect(await refusal(others, signed)).toMatchObject({
      message: expect.stringContaining('no key is known') as unknown,
    });
  });

  it.each(['RS256', 'PS512', 'ES384', 'EdDSA'])('checks signatures of %s', async (alg) => {
    const { privateKey, publicKey } = await pairOf(alg);
    const signed = await token({ alg, key: privateKey, kid: 'some' });
    const { secret: _, ...rest } = base;
    const settings = { ...rest, algorithms: [alg] };
    for (const keys of [{ publicKey: await exportSPKI(publicKey) }, { jwks: { keys: [await exportJWK(publicKey)] } }]) {
      const authenticate = jwt({ ...settings, ...keys });
      const [good, other] = [
        await token({ alg, key: privateKey }),
        await token({ alg, key: privateKey, expires: 2 ** 33 }),
      ];
      expect(await authenticate(bearing(good))).toMatchObject({ id: 'ann' });
      const mixed = [...good.split('.').slice(0, 2), other.split('.')[2]].join('.');
      expect(await refusal(authenticate, mixed)).toMatchObject({
        message: expect.stringContaining('not signed') as unknown,
      });
    }
    // A key in PEM has no name that could be another one.
    expect(await jwt({ ...settings, publicKey: await exportSPKI(publicKey) })(bearing(signed))).toMatchObject({
      id: 'ann',
    });
  });

  it('takes no key for an algorithm that it is not of, and none that is too short', async () => {
    const { secret: _, ...rest } = base;
    const signed = await token({ alg: 'ES256', key: pair.privateKey });
    const rsa = generateKeyPairSync('rsa', { modulusLength: 1024 });
    const [ec, short] = [await exportSPKI(pair.publicKey), rsa.publicKey.export({ format: 'pem', type: 'spki' })];
    for (const [publicKey, algorithms] of [
      [ec, ['RS256']],
      [ec, ['ES384']],
      [`${short}`, ['ES256']],
    ] as const) {
      const authenticate = jwt({ ...rest, publicKey, algorithms });
      expect(await refusal(authenticate, signed)).toMatchObject({ code: 'unauthenticated' });
    }
    const head = Buffer.from('{"alg":"RS256"}').toString('base64url');
    const claims = { sub: 'ann', iss: issuer, aud: audience, exp: seconds() + 60 };
    const data = `${head}.${Buffer.from(JSON.stringify(claims)).toString('base64url')}`;
    const weak = `${data}.${sign('sha256', Buffer.from(data), rsa.privateKey).toString('base64url')}`;
    const authenticate = jwt({ ...rest, publicKey: `${short}`, algorithms: ['RS256'] });
    expect(await refusal(authenticate, weak)).toMatchObject({ code: 'unauthenticated' });
  });

  it.each([
    ['an extension that must be known', { alg: 'HS256', crit: ['exp'], exp: 1 }],
    ['a payload that is not encoded', { alg: 'HS256', crit: ['b64'], b64: false }],
    ['no algorithm', {}],
    ['an algorithm that is none', { alg: ['HS256'] }],
  ])('takes no token with %s', async (_, header) => {
    const claims = { sub: 'ann', iss: issuer, aud: audience, exp: seconds() + 60 };
    const data = [header, claims].map((part) => Buffer.from(JSON.stringify(part)).toString('base64url')).join('.');
    const signed = `${data}.${createHmac('sha256', secret).update(data).digest('base64url')}`;
    expect(await refusal(jwt(base), signed)).toMatchObject({ code: 'unauthenticated' });
  });

  it('fetches keys when it needs them, once, and says when they cannot be had', async () => {
    let asked = 0;
    let answer: (() => string) | undefined = () => JSON.stringify({ keys: [jwk] });
    const server = createServer((_, response) => {
      asked++;
      response.statusCode = answer === undefined ? 500 : 200;
      response.end(answer?.());
    });
    servers.push(server);
    const url = await new Promise<string>((resolve) =>
      server.listen(0, '127.0.0.1', () =>
        resolve(`http://127.0.0.1:${(server.address() as { port: number }).port}/jwks`),
      ),
    );
    const { secret: _, ...rest } = base;
    const settings = { ...rest, algorithms: ['ES256'], jwksUrl: url };
    const authenticate = jwt(settings);
    const signAs = async (kid: string) => await token({ alg: 'ES256', key: pair.privateKey, kid });
    expect(await authenticate(bearing(await signAs('one')))).toMatchObject({ id: 'ann' });
    expect(
      await authenticate(bearing(await token({ alg: 'ES256', key: pair.privateKey, kid: 'one', claims: { x: 1 } }))),
    ).toMatchObject({ id: 'ann' });
    expect(asked).toBe(1);
    // A flood of unknown keys asks no more often.
    for (let i = 0; i < 5; i++) {
      expect(await refusal(authenticate, await signAs(`other-${i}`))).toMatchObject({ code: 'unauthenticated' });
    }
    expect(asked).toBeLessThanOrEqual(2);
    answer = undefined;
    let now = Date.now();
    const later = jwt({ ...settings, now: () => now });
    const before = asked;
    // Strangers do not have them asked for as often as they like, while they cannot be had.
    for (let i = 0; i < 5; i++) {
      expect(await refusal(later, await signAs('one'))).toMatchObject({ code: 'connection-lost' });
    }
    expect(asked).toBe(before + 1);
    answer = () => JSON.stringify({ keys: [jwk] });
    now += 1000;
    expect(await later(bearing(await signAs('one')))).toMatchObject({ id: 'ann' });
  });

  it('takes no keys from who says too much, or sends it elsewhere', async () => {
    let over = false;
    const server = createServer((request, response) => {
      if (request.url === '/elsewhere') return void response.writeHead(302, { location: '/endless' }).end();
      response.on('close', () => (over = true));
      const write = (): void => {
        while (!response.destroyed && response.write(' '.repeat(100_000)));
      };
      response.on('drain', write);
      write();
    });
    servers.push(server);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as { port: number };
    const { secret: _, ...rest } = base;
    const signed = await token({ alg: 'ES256', key: pair.privateKey, kid: 'one' });
    for (const path of ['elsewhere', 'endless']) {
      const authenticate = jwt({ ...rest, algorithms: ['ES256'], jwksUrl: `http://127.0.0.1:${port}/${path}` });
      expect(await refusal(authenticate, signed), path).toMatchObject({ code: 'connection-lost' });
    }
    await expect.poll(() => over).toBe(true);
  });

  it.each<[Partial<JwtOptions>, string]>([
    [{ algorithms: [] }, 'algorithms must be a list'],
    [{ algorithms: ['none'] }, 'algorithms: there is none "none"'],
    [{ algorithms: ['ES256'] }, 'HS256 and its like go with a secret'],
    [{ secret: 'short' }, 'secret must have at least 32 bytes'],
    [{ issuer: '' }, 'issuer must be a string'],
    [{ audience: [] }, 'audience must be a string'],
    [{ publicKey: 'x' }, 'exactly one of'],
    [{ secret: undefined!, publicKey: 'x', algorithms: ['ES256'] }, 'publicKey must be a public key in PEM'],
    [{ secret: undefined!, publicKey: 'x' }, 'HS256 and its like'],
    [
      { secret: undefined!, algorithms: ['ES256'], jwksUrl: 'http://id.example.com/' },
      'jwksUrl must be an https: address',
    ],
    [{ secret: undefined!, algorithms: ['ES256'], jwksUrl: 'nothing' }, 'jwksUrl must be an https: address'],
    [{ clockToleranceMs: -1 }, 'clockToleranceMs must be'],
  ])('refuses %j', (options, message) => {
    expect(() => jwt({ ...base, ...options })).toThrow(message);
  });
});
