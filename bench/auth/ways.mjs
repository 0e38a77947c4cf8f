// Ways to say who one is.
import { createHmac, createSecretKey, KeyObject, timingSafeEqual, verify } from 'node:crypto';
import { exportJWK, generateKeyPair, SignJWT } from 'jose';
import { apiKeys, createApiKey } from '../dist/src/auth/api-keys.js';
import { jwt } from '../dist/src/auth/jwt.js';

const issuer = 'https://id.example.com';
const audience = 'sluice';
const fresh = / token new$/;

/** Whoever knows those who come this way, and as many tokens as there are connections, or one for all. */
export async function wayOf(kind, connections) {
  if (kind === 'open') return { tokens: [] };
  if (kind === 'token known') return await signed('ES256', 1);
  if (fresh.test(kind)) return await signed(kind.replace(fresh, ''), connections);
  const { key, record } = createApiKey('ann');
  return { ...(kind === 'header not looked at' ? {} : { authenticate: apiKeys([record]) }), tokens: [key] };
}

async function signed(alg, count) {
  const { keys, privateKey, isRight } = alg === 'HS256' ? symmetric() : await asymmetric(alg);
  const sign = async (n) =>
    await new SignJWT({ n })
      .setProtectedHeader({ alg })
      .setSubject('ann')
      .setIssuer(issuer)
      .setAudience(audience)
      .setExpirationTime('1h')
      .sign(privateKey);
  const tokens = await Promise.all(Array.from({ length: count }, (_, n) => sign(n)));
  return { authenticate: jwt({ ...keys, algorithms: [alg], issuer, audience }), tokens, isRight };
}

function symmetric() {
  const secret = 's'.repeat(32);
  const key = createSecretKey(Buffer.from(secret));
  const isRight = (data, signature) => timingSafeEqual(createHmac('sha256', key).update(data).digest(), signature);
  return { keys: { secret }, privateKey: key, isRight };
}

async function asymmetric(alg) {
  const { privateKey, publicKey } = await generateKeyPair(alg, { extractable: true });
  const key = KeyObject.from(publicKey);
  const hash = alg === 'EdDSA' ? null : 'sha256';
  const how = alg === 'ES256' ? { key, dsaEncoding: 'ieee-p1363' } : key;
  const isRight = (data, signature) => verify(hash, data, how, signature);
  return { keys: { jwks: { keys: [await exportJWK(publicKey)] } }, privateKey, isRight };
}
