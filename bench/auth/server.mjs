import { exportJWK, generateKeyPair, SignJWT } from 'jose';
import { apiKeys, createApiKey } from '../dist/src/auth/api-keys.js';
import { createMemoryLog } from '../dist/src/log/memory.js';
import { serve } from '../dist/src/node/index.js';

const issuer = 'https://id.example.com';
const audience = 'sluice';

/** Serves streams to those who show one of the tokens it answers with: as many as there are connections, or one for all. */
export async function listen(kind, connections) {
  const { authenticate, tokens } = await ways[kind](connections);
  const server = await serve({ port: 0, log: createMemoryLog(), ...(authenticate && { authenticate }) });
  for (let n = 0; n < connections; n++) {
    await server.streams.create(`s/${n}`, { metadata: { 'sluice.owner': 'ann' } });
  }
  return { port: server.port, tokens };
}

const ways = {
  open: () => ({ tokens: [] }),
  'header not looked at': () => ({ tokens: [createApiKey('ann').key] }),
  key: () => {
    const { key, record } = createApiKey('ann');
    return { authenticate: apiKeys([record]), tokens: [key] };
  },
  'key in a frame': () => ways.key(),
  'token known': () => signed(1),
  'token new': (connections) => signed(connections),
};

async function signed(count) {
  const { jwt } = await import('../dist/src/auth/jwt.js');
  const { privateKey, publicKey } = await generateKeyPair('ES256');
  const sign = async (n) =>
    await new SignJWT({ n })
      .setProtectedHeader({ alg: 'ES256' })
      .setSubject('ann')
      .setIssuer(issuer)
      .setAudience(audience)
      .setExpirationTime('1h')
      .sign(privateKey);
  const jwks = { keys: [await exportJWK(publicKey)] };
  const tokens = await Promise.all(Array.from({ length: count }, (_, n) => sign(n)));
  return { authenticate: jwt({ jwks, algorithms: ['ES256'], issuer, audience }), tokens };
}
