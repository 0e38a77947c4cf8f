import { createPublicKey, generateKeyPairSync, verify } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { nodeWebhooks, openLookup } from '../../src/node/webhooks.js';

const closing: (() => void)[] = [];
afterEach(() => {
  for (const close of closing.splice(0)) close();
});

async function receiver(listener: RequestListener): Promise<string> {
  const server = createServer(listener).listen(0, '127.0.0.1');
  await once(server, 'listening');
  closing.push(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`;
}

const pem = (kind: 'ed25519' | 'x25519'): string => {
  const { privateKey } = kind === 'ed25519' ? generateKeyPairSync('ed25519') : generateKeyPairSync('x25519');
  return privateKey.export({ format: 'pem', type: 'pkcs8' }).toString();
};

describe('nodeWebhooks', () => {
  it('signs what the public key verifies', () => {
    const { sign, jwk } = nodeWebhooks();
    const key = createPublicKey({ key: { ...jwk }, format: 'jwk' });
    expect(verify(null, Buffer.from('text'), key, Buffer.from(sign('text'), 'base64url'))).toBe(true);
    expect(jwk).not.toHaveProperty('d');
  });

  it('is the same everywhere with the same key, and no other', () => {
    const signingKey = pem('ed25519');
    const [one, same, other] = [nodeWebhooks({ signingKey }), nodeWebhooks({ signingKey }), nodeWebhooks()];
    expect([one.kid, one.seal('x')]).toEqual([same.kid, same.seal('x')]);
    expect(one.kid).toMatch(/^ds_[\w-]{22}$/);
    expect([other.kid === one.kid, other.seal('x') === one.seal('x')]).toEqual([false, false]);
  });

  it.each([
    [{ signingKey: 5 as never }, 'signingKey must be a string, got a number'],
    [{ signingKey: 'secret' }, 'signingKey must be an Ed25519 private key in PEM'],
    [{ signingKey: pem('x25519') }, 'signingKey must be an Ed25519 private key in PEM'],
    [{ timeoutMs: 0 }, 'timeoutMs must be'],
  ])('refuses %j', (options, message) => {
    expect(() => nodeWebhooks(options)).toThrow(message);
    expect(() => nodeWebhooks(options)).not.toThrow('secret"');
  });

  it('posts, and hears what is answered', async () => {
    let heard = '';
    const url = await receiver((request, response) => {
      request.setEncoding('utf8').on('data', (part: string) => (heard += part));
      request.on('end', () => response.writeHead(202).end('{"done":true}'));
    });
    expect(await nodeWebhooks().post(url, '{"é":1}', { 'content-type': 'application/json' })).toEqual({
      status: 202,
      body: '{"done":true}',
    });
    expect(heard).toBe('{"é":1}');
  });

  it('follows nobody elsewhere', async () => {
    const url = await receiver((_, response) => response.writeHead(302, { location: 'http://10.0.0.1/' }).end());
    expect((await nodeWebhooks().post(url, '', {})).status).toBe(302);
  });

  it('gives up on who says too much, nothing, or half', async () => {
    const talker = await receiver((_, response) => void response.writeHead(200).end('x'.repeat(100_000)));
    await expect(nodeWebhooks().post(talker, '', {})).rejects.toThrow('too much');
    const silent = await receiver(() => {});
    await expect(nodeWebhooks({ timeoutMs: 50 }).post(silent, '', {})).rejects.toThrow('does not answer');
    const leaving = await receiver((_, response) => {
      response.writeHead(200, { 'content-length': '10' });
      response.write('half', () => response.destroy());
    });
    await expect(nodeWebhooks().post(leaving, '', {})).rejects.toThrow();
  });

  it('calls nothing that only we can reach, whatever the books say', async () => {
    const url = await receiver((_, response) => response.end());
    await expect(nodeWebhooks({ allowLocal: false }).post(url, '', {})).rejects.toThrow('not https');
    await expect(nodeWebhooks().post('http://10.0.0.1/', '', {})).rejects.toThrow('not https');
    await expect(nodeWebhooks().post('https://nowhere.invalid/', '', {})).rejects.toThrow();
  });
});

describe('openLookup', () => {
  const found = [
    { address: '10.0.0.1', family: 4 },
    { address: '1.1.1.1', family: 4 },
    { address: '2606:4700::1111', family: 6 },
  ];
  const look = (addresses: typeof found, options: object, error: Error | null = null) =>
    new Promise<unknown[]>((resolve) => {
      const answer = openLookup((_, __, callback) => callback(error, addresses));
      answer('x.example', options, (...told) => resolve(told));
    });

  it('shows only what is on the internet', async () => {
    expect(await look(found, { all: true })).toEqual([null, found.slice(1)]);
    expect(await look(found, {})).toEqual([null, '1.1.1.1', 4]);
  });

  it('fails when nothing is, or nothing is found', async () => {
    expect((await look(found.slice(0, 1), {}))[0]).toMatchObject({ message: 'x.example is not on the internet' });
    expect((await look([], {}, new Error('no such name')))[0]).toMatchObject({ message: 'no such name' });
  });
});
