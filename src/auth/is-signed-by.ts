import { constants, createHmac, type KeyObject, timingSafeEqual, verify } from 'node:crypto';

/**
 * @internal Whether data is signed by a key, as RFC 7518 and RFC 8037 have it: `RS256`, `PS384`, `ES512`, `EdDSA`, `HS256` and
 * their like. That the key is one for the algorithm is the caller's business.
 */
export function isSignedBy(key: KeyObject, algorithm: string, data: string, signature: Uint8Array): boolean {
  const kind = algorithm.slice(0, 2);
  const hash = `sha${algorithm.slice(2)}`;
  switch (kind) {
    case 'HS': {
      const right = createHmac(hash, key).update(data).digest();
      return right.length === signature.length && timingSafeEqual(right, signature);
    }
    case 'RS':
      return verify(hash, Buffer.from(data), key, signature);
    case 'PS':
      return verify(hash, Buffer.from(data), { key, ...probabilistic }, signature);
    case 'ES':
      return verify(hash, Buffer.from(data), { key, dsaEncoding: 'ieee-p1363' }, signature);
    default:
      return verify(null, Buffer.from(data), key, signature);
  }
}

const probabilistic = {
  padding: constants.RSA_PKCS1_PSS_PADDING,
  saltLength: constants.RSA_PSS_SALTLEN_DIGEST,
};
