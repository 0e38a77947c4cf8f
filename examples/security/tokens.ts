// JSON Web Tokens of an identity provider, renewed while a connection lives; and an address for who can set no header.
import { exportJWK, generateKeyPair, SignJWT } from 'jose';
import { WebSocket } from 'ws';
import { anyOf } from 'sluice/auth/any-of';
import { jwt } from 'sluice/auth/jwt';
import { signedStreams, signStream } from 'sluice/auth/signed-streams';
import { createClient } from 'sluice/client';
import { serve } from 'sluice/node';
import { createWebSocketTransport } from 'sluice/transport/websocket/client';

// What the identity provider does.
const { privateKey, publicKey } = await generateKeyPair('ES256');
const login = async (): Promise<string> =>
  await new SignJWT({ scope: '*' })
    .setProtectedHeader({ alg: 'ES256' })
    .setSubject('ann')
    .setIssuer('https://id.example.com')
    .setAudience('sluice')
    .setExpirationTime('5m')
    .sign(privateKey);

const signingKey = { id: '2026', secret: 'at least thirty-two bytes of secret' };
const tokens = jwt({
  jwks: { keys: [await exportJWK(publicKey)] }, // or jwksUrl: 'https://id.example.com/jwks.json'
  algorithms: ['ES256'],
  issuer: 'https://id.example.com',
  audience: 'sluice',
});
const server = await serve({ port: 0, authenticate: anyOf(tokens, signedStreams({ keys: [signingKey] })) });

const client = createClient({
  transport: createWebSocketTransport({ url: server.url, WebSocket }),
  token: login, // asked for each connection, and before the time of a token is over
});
await client.publish('answers/1', [], { close: { status: 'completed' } });
console.log((await server.streams.info('answers/1'))?.metadata);

const access = signStream(signingKey, { stream: 'answers/1', ttlMs: 60_000 });
const events = await fetch(`${server.url}/streams/answers/1?access=${access}`); // or new EventSource(…)
console.log(events.status);
client.close();
await server.close();
