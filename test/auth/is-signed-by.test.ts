import { createSecretKey, generateKeyPairSync, KeyObject, randomBytes } from 'node:crypto';
import { CompactSign, generateKeyPair } from 'jose';
import { describe, expect, it } from 'vitest';
import { isSignedBy } from '../../src/auth/is-signed-by.js';

const algorithms = [
  ...['HS256', 'HS384', 'HS512'],
  ...['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512'],
  ...['ES256', 'ES384', 'ES512', 'EdDSA', 'Ed25519'],
];

// Making them takes long: the same two for all that go with them.
const rsa = [1, 2].map(() => generateKeyPairSync('rsa', { modulusLength: 2048 }));

/** Two pairs of keys of an algorithm. */
async function pairsOf(
  alg: string,
): Promise<readonly { readonly privateKey: KeyObject; readonly publicKey: KeyObject }[]> {
  if (alg.startsWith('HS')) {
    return [1, 2].map(() => {
      const secret = createSecretKey(randomBytes(64));
      return { privateKey: secret, publicKey: secret };
    });
  }
  if (/^[RP]S/.test(alg)) return rsa;
  const pairs = [await generateKeyPair(alg, { extractable: true }), await generateKeyPair(alg, { extractable: true })];
  return pairs.map(({ privateKey, publicKey }) => ({
    privateKey: KeyObject.from(privateKey),
    publicKey: KeyObject.from(publicKey),
  }));
}

describe('isSignedBy', () => {
  it.each(algorithms)('knows what is signed with %s, and what is not', async (alg) => {
    const [mine, others] = await pairsOf(alg);
    const key = mine!.publicKey;
    const token = await new CompactSign(Buffer.from('what is said')).setProtectedHeader({ alg }).sign(mine!.privateKey);
    const end = token.lastIndexOf('.');
    const [data, signature] = [token.slice(0, end), Buffer.from(token.slice(end + 1), 'base64url')];
    expect(isSignedBy(key, alg, data, signature)).toBe(true);
    expect(isSignedBy(key, alg, `${data}x`, signature)).toBe(false);
    expect(isSignedBy(others!.publicKey, alg, data, signature)).toBe(false);
    const bent = Buffer.from(signature);
    bent[7]! ^= 1;
    for (const wrong of [bent, signature.subarray(1), Buffer.concat([signature, signature]), Buffer.alloc(0)]) {
      expect(isSignedBy(key, alg, data, wrong)).toBe(false);
    }
  });

  it('takes no signature of zeros, whose key it ever is', () => {
    const { publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    expect(isSignedBy(publicKey, 'ES256', 'a.b', Buffer.alloc(64))).toBe(false);
  });
});
