import { Code, ConnectError } from '@connectrpc/connect';
import { create } from '@bufbuild/protobuf';
import { type Metadata, status } from '@grpc/grpc-js';
import { afterEach, describe, expect, it } from 'vitest';
import { connectHandler } from '../../../src/transport/connect/server.js';
import {
  ChunkType,
  EndStatus,
  ErrorDetailSchema,
  Place,
  PublishRequestSchema,
  type ReadResponse,
} from '../../../src/transport/connect/streams-pb.js';
import { until } from '../../servers/until.js';
import { Lab, textChunk, textOf } from './lab.js';

let lab: Lab;
afterEach(() => lab.close());

/** What came, in words. */
function words({ event }: ReadResponse): string {
  switch (event.case) {
    case 'begin':
      return `begin ${event.value.seq}${event.value.snapshot === undefined ? '' : ` with ${textOf([event.value.snapshot])}`}`;
    case 'chunks':
      return `${event.value.seq}: ${textOf(event.value.chunks)}`;
    case 'gap':
      return `gap ${event.value.from}-${event.value.to}`;
    case 'end':
      return `end ${event.value.seq} ${EndStatus[event.value.end!.status]}`;
    default:
      return 'nothing';
  }
}

async function all(answers: AsyncIterable<ReadResponse>): Promise<string[]> {
  const read: string[] = [];
  for await (const answer of answers) read.push(words(answer));
  return read;
}

/** The status of a call that fails, our code, and what belongs to it. */
async function failure(call: Promise<unknown>): Promise<unknown[]> {
  const error = ConnectError.from(
    await call.then(
      () => undefined,
      (thrown: unknown) => thrown,
    ),
  );
  const [detail] = error.findDetails(ErrorDetailSchema);
  return [Code[error.code], detail?.code, detail?.expected];
}

const batch = (seq: number, ...texts: string[]) => ({
  stream: 's',
  producer: 'p',
  seq: BigInt(seq),
  chunks: texts.map((text) => textChunk(text)),
});

const clients = [
  ['Connect over HTTP/1.1', () => lab.connect()],
  ['Connect as gRPC over HTTP/2', () => lab.connectGrpc()],
] as const;

describe.each(clients)('connectHandler, for a client of %s', (_, client) => {
  it('reads a stream to its end', async () => {
    lab = await Lab.start();
    lab.keep('s', 'Call ', 'me ', 'Ishmael.');
    lab.end('s');
    expect(await all(client().read({ stream: 's' }))).toEqual(['begin 0', '0: Call me Ishmael.', 'end 3 COMPLETED']);
  });

  it('resumes behind the last chunk', async () => {
    lab = await Lab.start();
    lab.keep('s', 'a', 'b', 'c');
    lab.end('s');
    const from = { case: 'seq', value: 2n } as const;
    expect(await all(client().read({ stream: 's', from }))).toEqual(['begin 2', '2: c', 'end 3 COMPLETED']);
  });

  it('begins with a snapshot where there is one, and at the end', async () => {
    lab = await Lab.start();
    lab.keep('s', 'a', 'b');
    const place = (value: Place) => client().read({ stream: 's', from: { case: 'place', value } });
    const [snapshot, now] = [place(Place.SNAPSHOT), place(Place.NOW)].map((answers) => answers[Symbol.asyncIterator]());
    expect(words((await snapshot!.next()).value as ReadResponse)).toBe('begin 2 with ab');
    expect(words((await now!.next()).value as ReadResponse)).toBe('begin 2');
    lab.log.append('s', []);
    lab.end('s');
    expect(words((await snapshot!.next()).value as ReadResponse)).toBe('end 2 COMPLETED');
    expect(words((await now!.next()).value as ReadResponse)).toBe('end 2 COMPLETED');
  });

  it('tells of chunks that are no longer kept', async () => {
    lab = await Lab.start();
    lab.keep('s', 'a', 'b', 'c');
    lab.log.trim('s', 2);
    lab.end('s');
    const from = { case: 'seq', value: 0n } as const;
    expect(await all(client().read({ stream: 's', from }))).toContain('2: c');
  });

  it('publishes what is kept once, however often it is sent', async () => {
    lab = await Lab.start();
    const answer = await client().publish(batch(0, 'a', 'b'));
    expect([answer.seq, answer.next, answer.closed]).toEqual([2n, 2n, false]);
    expect((await client().publish(batch(0, 'a', 'b', 'c'))).next).toBe(3n);
    const close = { status: EndStatus.FAILED, reason: 'no more paper' };
    expect((await client().publish({ ...batch(3), close })).closed).toBe(true);
    expect(await all(client().read({ stream: 's' }))).toEqual(['begin 0', '0: abc', 'end 3 FAILED']);
  });

  it.each([
    ['a gap', batch(5, 'a'), 'FailedPrecondition', 'sequence-gap', 1n],
    ['an epoch that is over', { ...batch(0, 'a'), epoch: 0n, producer: 'later' }, 'Aborted', 'producer-fenced', 3n],
    ['a name that is none', { ...batch(0, 'a'), stream: '../s' }, 'InvalidArgument', 'name-invalid', undefined],
    ['no producer', { ...batch(0, 'a'), producer: '' }, 'InvalidArgument', 'frame-invalid', undefined],
    [
      'text that is none',
      { ...batch(0), chunks: [textChunk('', { data: new Uint8Array([255]) })] },
      'InvalidArgument',
      'chunk-invalid',
      undefined,
    ],
  ] as const)(
    'refuses %s with a status, and our code in the details',
    async (_what, request, status, code, expected) => {
      lab = await Lab.start();
      await client().publish(batch(0, 'x'));
      await client().publish({ ...batch(0, 'y'), producer: 'later', epoch: 3n });
      expect(await failure(client().publish(request as never))).toEqual([status, code, expected]);
    },
  );

  it('refuses to read what is not there', async () => {
    lab = await Lab.start();
    expect(await failure(all(client().read({ stream: 'nowhere' })))).toEqual([
      'NotFound',
      'stream-not-found',
      undefined,
    ]);
  });

  it('cancels a stream for everybody', async () => {
    lab = await Lab.start();
    lab.keep('s', 'a');
    await client().cancel({ stream: 's', reason: 'enough' });
    expect(await all(client().read({ stream: 's' }))).toContain('end 1 CANCELLED');
    expect(await failure(client().cancel({ stream: 'sluice/server/a' }))).toEqual([
      'InvalidArgument',
      'name-invalid',
      undefined,
    ]);
  });

  it('lets go of a stream when the caller leaves', async () => {
    lab = await Lab.start();
    lab.keep('s', 'a');
    const abort = new AbortController();
    const answers = client().read({ stream: 's' }, { signal: abort.signal })[Symbol.asyncIterator]();
    await answers.next();
    await answers.next();
    expect(lab.gateway.connections()).toHaveLength(1);
    const left = failure(answers.next());
    abort.abort();
    expect((await left)[0]).toBe('Canceled');
    await until('nobody reads', () => lab.gateway.connections().length === 0);
  });

  it('says goodbye to readers when it is drained, with the time to wait', async () => {
    lab = await Lab.start();
    lab.keep('s', 'a');
    const answers = client().read({ stream: 's' })[Symbol.asyncIterator]();
    await answers.next();
    await answers.next();
    const gone = answers.next().then(
      () => undefined,
      (error: unknown) => ConnectError.from(error),
    );
    await lab.gateway.drain(700);
    const error = await gone;
    expect([error?.code, error?.findDetails(ErrorDetailSchema)]).toMatchObject([
      Code.Unavailable,
      [{ code: 'connection-lost', retryMs: 700n }],
    ]);
  });

  it('publishes many batches in one call', async () => {
    lab = await Lab.start();
    async function* batches() {
      for (let seq = 0; seq < 5; seq++) yield create(PublishRequestSchema, batch(seq, `${seq}`));
    }
    const call = client().publishAll(batches());
    expect((await call).next).toBe(5n);
    async function* none() {}
    expect(await failure(client().publishAll(none()))).toEqual(['InvalidArgument', 'frame-invalid', undefined]);
  });
});

describe('connectHandler, for a client of gRPC', () => {
  it('reads, resumes, and ends', async () => {
    lab = await Lab.start();
    lab.keep('s', 'a', 'b', 'c');
    lab.end('s');
    const from = { case: 'seq', value: 1n } as const;
    expect(await all(lab.grpc().read({ stream: 's', from }))).toEqual(['begin 1', '1: bc', 'end 3 COMPLETED']);
  });

  it('publishes, one batch or many', async () => {
    lab = await Lab.start();
    const client = lab.grpc();
    expect((await client.publish(batch(0, 'a'))).next).toBe(1n);
    const batches = [1, 2, 3].map((seq) => create(PublishRequestSchema, batch(seq, `${seq}`)));
    expect((await client.publishAll(batches)).next).toBe(4n);
    await expect(client.publish(batch(9, 'a'))).rejects.toMatchObject({ code: Code.FailedPrecondition });
  });

  it('goes on behind the last chunk after it was cut, and gets each once', async () => {
    lab = await Lab.start({ windowChunks: 4 });
    const texts = Array.from({ length: 50 }, (_one, i) => `${i} `);
    lab.keep('s', ...texts);
    lab.end('s');
    let text = '';
    let next = 0n;
    for (let calls = 0, ended = false; !ended; calls++) {
      expect(calls).toBeLessThan(50);
      const answers = lab.grpc().read({ stream: 's', from: { case: 'seq', value: next } });
      for await (const { event } of answers) {
        ended = event.case === 'end';
        if (event.case !== 'chunks') continue;
        text += textOf(event.value.chunks);
        next = event.value.seq + BigInt(event.value.chunks.length);
        // Leaving the loop cancels the call.
        break;
      }
    }
    expect(text).toBe(texts.join(''));
    await until('nobody reads', () => lab.gateway.connections().length === 0);
  });

  it('ends with the time that the caller gives, and lets the stream go', async () => {
    lab = await Lab.start();
    lab.keep('s', 'a');
    const client = lab.grpc();
    // Once it is connected, all of its time is for what it asks.
    await client.publish({ ...batch(0, 'x'), stream: 'other' });
    const answers = client.read({ stream: 's' }, { deadline: Date.now() + 2000 });
    const got: string[] = [];
    const reading = (async () => {
      for await (const answer of answers) got.push(words(answer));
    })();
    await expect(reading).rejects.toMatchObject({ code: status.DEADLINE_EXCEEDED });
    expect(got).toEqual(['begin 0', '0: a']);
    await until('nobody reads', () => lab.gateway.connections().length === 0);
    lab.hang();
    const late = lab.grpc().publish(batch(0, 'b'), { deadline: Date.now() + 100 });
    await expect(late).rejects.toMatchObject({ code: status.DEADLINE_EXCEEDED });
    await until('nobody writes', () => lab.gateway.connections().length === 0);
  });

  it('lets the stream go at once when the call is cancelled', async () => {
    lab = await Lab.start();
    lab.keep('s', 'a');
    const answers = lab.grpc().read({ stream: 's' });
    const over = new Promise((resolve) => answers.once('error', resolve));
    await new Promise((resolve) => answers.once('data', resolve));
    answers.cancel();
    expect(await over).toMatchObject({ code: status.CANCELLED });
    await until('nobody reads', () => lab.gateway.connections().length === 0);
  });

  it('is told the names of what went wrong', async () => {
    lab = await Lab.start();
    const reading = lab.grpc().read({ stream: 'nowhere' });
    const failed = new Promise<{ code: number; metadata: Metadata }>((resolve) =>
      reading.once('error', resolve as never),
    );
    const { code, metadata } = await failed;
    expect(status[code]).toBe('NOT_FOUND');
    const [details] = metadata.get('grpc-status-details-bin');
    expect((details as Buffer).toString('latin1')).toContain('stream-not-found');
    await expect(lab.grpc().publish(batch(5, 'a'))).rejects.toMatchObject({ code: status.FAILED_PRECONDITION });
    await expect(lab.grpc().publish({ ...batch(0, 'a'), stream: '../s' })).rejects.toMatchObject({
      code: status.INVALID_ARGUMENT,
    });
    const large = lab.grpc().publish(batch(0, 'x'.repeat(2_000_000)));
    await expect(large).rejects.toMatchObject({ code: status.RESOURCE_EXHAUSTED });
    lab.keep('more', 'a');
    const leaving = lab.grpc().read({ stream: 'more' });
    const left = new Promise((resolve) => leaving.once('error', resolve));
    leaving.once('data', () => void lab.gateway.drain(1));
    expect(await left).toMatchObject({ code: status.UNAVAILABLE });
  });

  it('carries every type of chunk', async () => {
    lab = await Lab.start();
    const data = new Uint8Array([0, 255]);
    const json = new TextEncoder().encode('{"a":[1,null]}');
    const chunks = [
      textChunk('é', { metadata: '{"by":"me"}', timestamp: 5n, final: true, checksum: 'sha256:ab' }),
      { type: ChunkType.JSON, data: json },
      { type: ChunkType.BINARY, data },
      { type: ChunkType.AUDIO, data },
      { type: ChunkType.IMAGE, data },
    ];
    await lab.grpc().publish({ stream: 's', producer: 'p', chunks, close: { status: EndStatus.COMPLETED } });
    const got = [];
    for await (const { event } of lab.grpc().read({ stream: 's' })) {
      if (event.case === 'chunks') got.push(...event.value.chunks);
    }
    expect(got).toMatchObject([
      { type: ChunkType.TEXT, metadata: '{"by":"me"}', timestamp: 5n, final: true, checksum: 'sha256:ab' },
      { type: ChunkType.JSON, data: json },
      { type: ChunkType.BINARY, data, final: false, metadata: '' },
      { type: ChunkType.AUDIO, data },
      { type: ChunkType.IMAGE, data },
    ]);
  });

  it('holds the stream for a reader who takes nothing, and no more than a window of it', async () => {
    lab = await Lab.start({ windowChunks: 8, windowBytes: 1 << 20 });
    lab.keep('s', ...Array.from({ length: 1000 }, (_, i) => `${i} ${'x'.repeat(8000)};`));
    lab.end('s');
    const answers = lab.grpc().read({ stream: 's' });
    answers.pause();
    const next = () => lab.gateway.connections()[0]?.reading[0]?.next ?? 0;
    await until('something was sent', () => next() > 0);
    let before = -1;
    // It comes to rest when our window, that of HTTP/2 and the sixteen messages that the client itself takes are full.
    await until('it stands still', async () => {
      const now = next();
      await new Promise((resolve) => setTimeout(resolve, 50));
      const still = now === before;
      before = now;
      return still;
    });
    expect(next()).toBeLessThan(500);
    let text = '';
    for await (const { event } of answers) if (event.case === 'chunks') text += textOf(event.value.chunks);
    expect(text.match(/^\d+|(?<=;)\d+/g)).toEqual(Array.from({ length: 1000 }, (_, i) => `${i}`));
  });
});

describe('connectHandler, for a caller whose time is over', () => {
  it('says so, and not that another gateway should be asked', async () => {
    lab = await Lab.start();
    lab.hang();
    const answer = await fetch(`${lab.url}/sluice.v1.StreamService/Publish`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'connect-timeout-ms': '50' },
      body: JSON.stringify({ stream: 's', producer: 'p', chunks: [{ type: 'CHUNK_TYPE_TEXT', data: 'YQ==' }] }),
    });
    expect([answer.status, await answer.json()]).toMatchObject([504, { code: 'deadline_exceeded' }]);
  });
});

describe('connectHandler, for pages', () => {
  const ask = async (headers: Record<string, string>, method = 'POST') =>
    await fetch(`${lab.url}/sluice.v1.StreamService/Publish`, {
      method,
      headers: { 'content-type': 'application/json', ...headers },
      ...(method === 'POST' ? { body: '{}' } : {}),
    });

  it('answers those that may call, and says so before they do', async () => {
    lab = await Lab.start({ origins: ['https://app.example'] });
    const origin = { origin: 'https://app.example' };
    const preflight = await ask(origin, 'OPTIONS');
    expect([preflight.status, preflight.headers.get('access-control-allow-headers')]).toEqual([
      204,
      expect.stringContaining('Connect-Protocol-Version'),
    ]);
    const answer = await ask(origin);
    expect(answer.headers.get('access-control-allow-origin')).toBe('https://app.example');
    expect(await answer.json()).toMatchObject({ code: 'invalid_argument' });
  });

  it('refuses others', async () => {
    lab = await Lab.start();
    expect((await ask({ origin: 'https://evil.example' })).status).toBe(403);
  });

  it('leaves other paths alone', async () => {
    lab = await Lab.start();
    expect((await fetch(`${lab.url}/streams`)).status).toBe(404);
    expect(() => connectHandler(lab.gateway, { windowChunks: 0 })).toThrow('windowChunks');
  });
});
