import { Code, createClient } from '@connectrpc/connect';
import { createConnectTransport, createGrpcTransport } from '@connectrpc/connect-node';
import { describe, expect, it } from 'vitest';
import type { Authenticate } from '../../src/auth/auth.js';
import { serve } from '../../src/node/index.js';
import { StreamService } from '../../src/transport/connect/streams-pb.js';
import { makeCertificate } from '../certificate.js';
import { textChunk, textOf } from '../transport/connect/lab.js';

describe('the door for gRPC and Connect', () => {
  it('is on the one port, over HTTP/1.1, HTTP/2 and TLS', async () => {
    const certificate = makeCertificate();
    for (const over of [{ h2c: true }, { tls: certificate }]) {
      await using server = await serve({ port: 0, connect: true, ...over });
      const nodeOptions = { ca: certificate.cert };
      const transports = [
        createConnectTransport({ baseUrl: server.url, httpVersion: '1.1', nodeOptions }),
        createConnectTransport({ baseUrl: server.url, httpVersion: '2', nodeOptions }),
        createGrpcTransport({ baseUrl: server.url, nodeOptions }),
      ];
      for (const [seq, transport] of transports.entries()) {
        const client = createClient(StreamService, transport);
        await client.publish({ stream: 's', producer: 'p', seq: BigInt(seq), chunks: [textChunk(`${seq}`)] });
        let text = '';
        for await (const { event } of client.read({ stream: 's' })) {
          if (event.case === 'chunks') text += textOf(event.value.chunks);
          if (text.length > seq) break;
        }
        expect(text).toBe('012'.slice(0, seq + 1));
      }
    }
  });

  it('asks who comes as every other does, and what he may', async () => {
    const authenticate: Authenticate = ({ header }) => {
      const id = /^Bearer (.+)$/.exec(header('authorization') ?? '')?.[1];
      return id === undefined ? undefined : { id };
    };
    await using server = await serve({ port: 0, connect: true, authenticate });
    const transport = createConnectTransport({ baseUrl: server.url, httpVersion: '1.1' });
    const client = createClient(StreamService, transport);
    const request = { stream: 's', producer: 'p', chunks: [textChunk('mine')] };
    const as = (name: string) => ({ headers: { authorization: `Bearer ${name}` } });
    await expect(client.publish(request)).rejects.toMatchObject({ code: Code.Unauthenticated });
    expect((await client.publish(request, as('ann'))).next).toBe(1n);
    expect(server.gateway.connections()).toEqual([]);
    const read = client.read({ stream: 's' }, as('ann'))[Symbol.asyncIterator]();
    await read.next();
    expect(server.gateway.connections()).toMatchObject([{ peer: { transport: 'connect', principal: { id: 'ann' } } }]);
    const others = client.read({ stream: 's' }, as('bob'))[Symbol.asyncIterator]();
    await expect(others.next()).rejects.toMatchObject({ code: Code.PermissionDenied });
  });

  it('is shut unless it is wanted', async () => {
    await using server = await serve({ port: 0 });
    const client = createClient(StreamService, createConnectTransport({ baseUrl: server.url, httpVersion: '1.1' }));
    await expect(client.publish({ stream: 's' })).rejects.toMatchObject({ code: Code.Unimplemented });
  });
});
