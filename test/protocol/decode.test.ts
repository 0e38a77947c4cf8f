import { describe, expect, it } from 'vitest';
import { type ChunkBody, checkBody, type EncodedChunk, StreamError } from '../../src/chunk/index.js';
import { BadFrame, decodeFromClient, decodeFromServer } from '../../src/protocol/decode.js';
import { encodeMessage } from '../../src/protocol/encode.js';
import type { DataFrame, OutgoingFrame } from '../../src/protocol/frame.js';
import { encoded, fromClient, fromServer } from './samples.js';

const utf8 = new TextEncoder();

/** What the other side has in its hands: chunks are bodies, their bytes a copy. */
function received(frame: OutgoingFrame): unknown {
  if (frame.t !== 'data' && frame.t !== 'publish' && frame.t !== 'subscribed') return frame;
  if (frame.chunks === undefined) return frame;
  const body = ({ head, bytes }: EncodedChunk): ChunkBody => checkBody(JSON.parse(head), bytes);
  return { ...frame, chunks: frame.chunks.map(body) };
}

/** The bytes of a record, whatever is in it. */
function record(
  head: string | Uint8Array,
  body: Uint8Array = new Uint8Array(0),
  lengths?: [number, number],
): Uint8Array {
  const text = typeof head === 'string' ? utf8.encode(head) : head;
  const whole = new Uint8Array(8 + text.length + body.length);
  const view = new DataView(whole.buffer);
  view.setUint32(0, lengths?.[0] ?? text.length);
  view.setUint32(4, lengths?.[1] ?? body.length);
  whole.set(text, 8);
  whole.set(body, 8 + text.length);
  return whole;
}

const text = (data: Uint8Array | string): string => (typeof data === 'string' ? data : new TextDecoder().decode(data));
const join = (...parts: Uint8Array[]): Uint8Array => new Uint8Array(Buffer.concat(parts));

const ping = '{"t":"ping","grants":[]}';
const head = (fields = ''): string => `{"type":"text","data":"x","size":1,"timestamp":1${fields}}`;
const publish = (chunks: string, fields = ''): string =>
  `{"t":"publish","stream":"a","producer":"p","epoch":0,"seq":0,"chunks":[${chunks}]${fields}}`;
const data = (chunks: string): string => `{"t":"data","ch":4,"seq":0,"chunks":[${chunks}]}`;
const bytesHead = (size: number): string => `{"type":"binary","size":${size},"timestamp":1}`;

describe('a message', () => {
  it.each([
    ['client', fromClient, decodeFromClient],
    ['server', fromServer, decodeFromServer],
  ] as const)('from a %s arrives as it was sent, frame by frame and all together', (_, frames, decode) => {
    for (const sent of [...frames.map((frame) => [frame]), frames]) {
      const message = encodeMessage(sent);
      const arrived = decode(message.binary ? message.data : text(message.data));
      expect(arrived).toStrictEqual(sent.map(received));
    }
  });

  it('is not read as one of the other side', () => {
    const [fromServerSide] = decodeFromClient('{"t":"pong","sent":[]}');
    const [fromClientSide] = decodeFromServer(ping);
    for (const frame of [fromServerSide, fromClientSide]) {
      expect(frame).toMatchObject({ error: { code: 'frame-unknown' } });
    }
  });

  it('may say what went wrong in a word that only a later version knows', () => {
    const frame = { t: 'error', code: 'moon-eclipsed', message: 'come back later' };
    expect(decodeFromServer(JSON.stringify(frame))).toEqual([frame]);
  });

  it('may hold white space between its tokens', () => {
    expect(decodeFromClient('\t{ "t": "ping",\r "grants": [ ] } ')).toEqual([{ t: 'ping', grants: [] }]);
  });

  it('of one binary chunk may stand beside one of text', () => {
    const message = join(
      record(ping),
      record(data(`${bytesHead(2)},${head()},${bytesHead(1)}`), Uint8Array.of(7, 8, 9)),
    );
    const [, frame] = decodeFromServer(message);
    expect((frame as DataFrame).chunks.map((chunk) => chunk.data)).toEqual([
      Uint8Array.of(7, 8),
      'x',
      Uint8Array.of(9),
    ]);
  });

  it('lets its memory go: the bytes of chunks are copies, also of a Buffer', () => {
    const message = encodeMessage([{ t: 'data', ch: 0, seq: 0, chunks: [encoded(Uint8Array.of(1, 2, 3))] }]);
    const pool = Buffer.alloc(1000);
    const buffer = pool.subarray(100, 100 + message.data.length);
    buffer.set(message.data as Uint8Array);
    const [frame] = decodeFromServer(buffer);
    const bytes = (frame as DataFrame).chunks[0]!.data as Uint8Array;
    pool.fill(0);
    expect(bytes).toStrictEqual(Uint8Array.of(1, 2, 3));
    expect(bytes.buffer.byteLength).toBe(3);
  });

  it('leaves prototypes alone', () => {
    const json = '{"type":"json","data":{"__proto__":{"polluted":1}},"size":28,"timestamp":1}';
    const [frame] = decodeFromServer(data(json));
    expect(Object.keys((frame as DataFrame).chunks[0]!.data as object)).toEqual(['__proto__']);
    expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
  });
});

describe('a message that is no sequence of frames', () => {
  it.each<[string, string | Uint8Array, string]>([
    ['an empty text', '', 'a frame is not JSON'],
    ['an empty line between frames', `${ping}\n\n${ping}`, 'a frame is not JSON'],
    ['an empty line behind frames', `${ping}\n`, 'a frame is not JSON'],
    ['text that is no JSON', 'hello', 'a frame is not JSON'],
    ['half of a frame', ping.slice(0, -1), 'a frame is not JSON'],
    ['two frames on one line', ping + ping, 'a frame is not JSON'],
    ['a byte order mark', `\ufeff${ping}`, 'a frame is not JSON'],
    ['a number', '5', 'a frame must be a JSON object, got a number'],
    ['null', 'null', 'a frame must be a JSON object, got null'],
    ['an array', `[${ping}]`, 'a frame must be a JSON object, got an array'],
    ['a good frame and a broken one', `${ping}\n{`, 'a frame is not JSON'],
    ['no bytes', new Uint8Array(0), 'ends inside a record header'],
    ['half of a header', new Uint8Array(7), 'ends inside a record header'],
    ['half of a header behind a record', join(record(ping), new Uint8Array(3)), 'ends inside a record header'],
    ['a head that is not there', record('', undefined, [1, 0]), 'a record is longer than its binary message'],
    [
      'a body that is not there',
      record(ping, undefined, [ping.length, 1]),
      'a record is longer than its binary message',
    ],
    ['lengths that overflow', record(ping, undefined, [0xffffffff, 0xffffffff]), 'a record is longer'],
    ['an empty head', record(''), 'a frame is not JSON'],
    ['a head that is no object', record('[]'), 'a frame must be a JSON object, got an array'],
    ['a head that is not UTF-8', record(Uint8Array.of(0xc3, 0x28)), 'a frame is not JSON'],
    ['a surrogate in UTF-8', record(Uint8Array.of(0x22, 0xed, 0xa0, 0x80, 0x22)), 'a frame is not JSON'],
    ['a byte order mark in a head', record(`\ufeff${ping}`), 'a frame is not JSON'],
    ['text frames as bytes', utf8.encode(ping), 'a record is longer than its binary message'],
  ])('such as %s, is refused as a whole', (_, message, reason) => {
    for (const decode of [decodeFromClient, decodeFromServer]) {
      expect(() => decode(message)).toThrow(StreamError);
      expect(() => decode(message)).toThrow(reason);
      expect(() => decode(message)).toThrow(expect.objectContaining({ code: 'frame-malformed' }));
    }
  });
});

/** Frames that are frames but cannot be read: from whom, what, the code, what the message says, and the field it names. */
const bad: readonly (readonly ['client' | 'server', string, string, string, string?])[] = [
  ['client', '{}', 'frame-unknown', 'frame field "t" must name a frame, got undefined', 't'],
  ['client', '{"t":5}', 'frame-unknown', 'frame field "t" must name a frame, got a number', 't'],
  ['client', '{"t":"hello"}', 'frame-unknown', 'must name a frame, got hello', 't'],
  ['client', '{"t":"__proto__"}', 'frame-unknown', 'must name a frame, got __proto__', 't'],
  ['client', '{"t":"constructor"}', 'frame-unknown', 'must name a frame, got constructor', 't'],
  ['client', '{"__proto__":{"t":"ping","grants":[]}}', 'frame-unknown', 'got undefined', 't'],
  ['client', '{"t":"ping","grants":[],"__proto__":{}}', 'frame-invalid', 'must not have a field "__proto__"'],
  ['client', '{"t":"cancel","stream":"a","extra":1}', 'frame-invalid', 'frame "cancel": must not have a field "extra"'],
  [
    'client',
    '{"t":"cancel"}',
    'name-invalid',
    'frame "cancel" field "stream": must be a string, got undefined',
    'stream',
  ],
  ['client', '{"t":"cancel","stream":"../x"}', 'name-invalid', 'must not have a ".." segment', 'stream'],
  ['client', '{"t":"cancel","stream":"a\\u0000"}', 'name-invalid', 'must not hold a control character', 'stream'],
  ['client', `{"t":"cancel","stream":"${'x'.repeat(513)}"}`, 'name-invalid', 'at most 512 bytes', 'stream'],
  [
    'client',
    `{"t":"cancel","stream":"a","reason":"${'x'.repeat(1025)}"}`,
    'frame-invalid',
    'a string of 0 to 1024 characters',
    'reason',
  ],
  [
    'client',
    '{"t":"subscribe","stream":"a","from":-1,"chunks":1,"bytes":1}',
    'frame-invalid',
    'got a negative number',
    'from',
  ],
  [
    'client',
    '{"t":"subscribe","stream":"a","from":"end","chunks":1,"bytes":1}',
    'frame-invalid',
    'got a string',
    'from',
  ],
  [
    'client',
    '{"t":"subscribe","stream":"a","from":0,"chunks":-1,"bytes":1}',
    'credit-invalid',
    'got a negative number',
    'chunks',
  ],
  [
    'client',
    '{"t":"subscribe","stream":"a","from":0,"chunks":1,"bytes":0.5}',
    'credit-invalid',
    'got a fractional number',
    'bytes',
  ],
  [
    'client',
    '{"t":"credit","ch":0,"chunks":9007199254740992,"bytes":1}',
    'credit-invalid',
    'to 2^53 - 1, got a number',
    'chunks',
  ],
  ['client', '{"t":"credit","ch":0,"chunks":1}', 'credit-invalid', 'got undefined', 'bytes'],
  ['client', '{"t":"credit","ch":-1,"chunks":1,"bytes":1}', 'frame-invalid', 'got a negative number', 'ch'],
  ['client', '{"t":"ping","grants":[[0,1,1],[1,-1,1]]}', 'credit-invalid', 'got a negative number', 'grants.1.1'],
  ['client', '{"t":"ping","grants":[[0,1,1e300]]}', 'credit-invalid', 'frame "ping" field "grants.0.2"', 'grants.0.2'],
  ['client', '{"t":"ping","grants":[[-1,1,1]]}', 'frame-invalid', 'got a negative number', 'grants.0.0'],
  ['client', '{"t":"ping","grants":[[0,1]]}', 'frame-invalid', 'frame "ping" field "grants.0"', 'grants.0'],
  ['client', '{"t":"ping"}', 'frame-invalid', 'must be an array, got undefined', 'grants'],
  [
    'client',
    '{"t":"unsubscribe","ch":"1"}',
    'frame-invalid',
    'must be a whole number from 0 to 2^53 - 1, got a string',
    'ch',
  ],
  ['client', '{"t":"nack","ch":0,"ranges":[]}', 'frame-invalid', 'frame "nack" field "ranges"', 'ranges'],
  [
    'client',
    '{"t":"nack","ch":0,"ranges":[[3,3]]}',
    'frame-invalid',
    'a range must hold at least one chunk',
    'ranges.0',
  ],
  [
    'client',
    `{"t":"nack","ch":0,"ranges":[${Array(65).fill('[0,1]').join()}]}`,
    'frame-invalid',
    'must be an array of 1 to 64 items, got an array',
    'ranges',
  ],
  ['client', publish('').replace('"p"', '""'), 'frame-invalid', 'got an empty string', 'producer'],
  [
    'client',
    publish('').replace('"p"', `"${'p'.repeat(257)}"`),
    'frame-invalid',
    'a string of 1 to 256 characters',
    'producer',
  ],
  ['client', publish('').replace('"epoch":0', '"epoch":-1'), 'frame-invalid', 'got a negative number', 'epoch'],
  ['client', publish('').replace('"seq":0', '"seq":null'), 'frame-invalid', 'got null', 'seq'],
  ['client', publish('').replace('[]', '{}'), 'frame-invalid', 'must be an array, got an object', 'chunks'],
  ['client', publish('', ',"close":{"status":"active"}'), 'frame-invalid', 'field "close.status"', 'close.status'],
  [
    'client',
    publish('', ',"close":{"status":"failed","why":1}'),
    'frame-invalid',
    'must not have a field "why"',
    'close',
  ],
  [
    'client',
    publish('5'),
    'chunk-invalid',
    'frame "publish" field "chunks.0": chunk: must be an object, got a number',
    'chunks.0',
  ],
  [
    'client',
    publish(`${head()},${head(',"extra":1')}`),
    'chunk-invalid',
    'field "chunks.1": chunk: must not have a field "extra"',
    'chunks.1',
  ],
  [
    'client',
    publish(head(',"final":1')),
    'chunk-invalid',
    'chunk field "final": must be true or false, got a number',
    'chunks.0.final',
  ],
  [
    'client',
    publish(head().replace('"size":1', '"size":2')),
    'chunk-invalid',
    'says 2 but the data takes 1 bytes',
    'chunks.0.size',
  ],
  ['client', publish(head().replace('"x"', '"\\ud800"')), 'chunk-invalid', 'got a lone surrogate', 'chunks.0.data'],
  ['client', publish(head(',"__proto__":{}')), 'chunk-invalid', 'must not have a field "__proto__"', 'chunks.0'],
  [
    'client',
    publish('{"type":"video","size":0,"timestamp":0}'),
    'chunk-invalid',
    'must be text or json or binary or audio or image, got a string',
    'chunks.0.type',
  ],
  [
    'client',
    publish(bytesHead(3)),
    'frame-invalid',
    'field "chunks.0": its 3 bytes are not in the message',
    'chunks.0',
  ],
  ['client', publish(bytesHead(-1)), 'chunk-invalid', 'got a negative number', 'chunks.0.size'],
  [
    'client',
    publish('{"type":"image","size":"3","timestamp":1}'),
    'chunk-invalid',
    'must be a whole number from 0 to 2^53 - 1, got a string',
    'chunks.0.size',
  ],
  ['server', '{"t":"welcome"}', 'frame-invalid', 'frame "welcome" field "protocol"', 'protocol'],
  [
    'server',
    '{"t":"gap","ch":0,"from":5,"to":5,"reason":"trimmed"}',
    'frame-invalid',
    'a gap must hold at least one chunk',
  ],
  ['server', '{"t":"gap","ch":0,"from":5,"to":6,"reason":"lost"}', 'frame-invalid', 'field "reason"', 'reason'],
  ['server', '{"t":"end","ch":0,"seq":5,"status":"active"}', 'frame-invalid', 'field "status"', 'status'],
  ['server', '{"t":"error","code":"Not a word","message":""}', 'frame-invalid', 'field "code"', 'code'],
  [
    'server',
    `{"t":"error","code":"${'x'.repeat(65)}","message":""}`,
    'frame-invalid',
    'field "code": must be a word, got a string',
    'code',
  ],
  [
    'server',
    '{"t":"ack","stream":"a","producer":"p","epoch":0,"seq":0,"next":0,"closed":false}',
    'frame-invalid',
    'field "closed"',
    'closed',
  ],
  [
    'server',
    '{"t":"subscribed","stream":"a//b","ch":0,"seq":0}',
    'name-invalid',
    'must not have an empty segment',
    'stream',
  ],
  ['server', '{"t":"pong","sent":[[0,-1]]}', 'frame-invalid', 'got a negative number', 'sent.0.1'],
  [
    'server',
    data(head().replace('"x"', 'null')),
    'chunk-invalid',
    'must be a well-formed string, got null',
    'chunks.0.data',
  ],
];

describe('a frame that cannot be read', () => {
  for (const [side, frame, code, says, field] of bad) {
    it(`from a ${side}, such as ${frame.slice(0, 60)}, is ${code}: ${says}`, () => {
      const decode = side === 'client' ? decodeFromClient : decodeFromServer;
      const good = side === 'client' ? ping : '{"t":"pong","sent":[]}';
      for (const whole of [[good, frame, good].join('\n'), join(record(good), record(frame), record(good))]) {
        const [before, refused, after] = decode(whole);
        expect([before, after], 'the others of the message').toEqual([JSON.parse(good), JSON.parse(good)]);
        expect(refused).toBeInstanceOf(BadFrame);
        const { error } = refused as BadFrame;
        expect(error).toBeInstanceOf(StreamError);
        expect(error).toMatchObject({ code, message: expect.stringContaining(says) as string });
        expect(error.details.field).toBe(field);
      }
    });
  }

  it('has bytes that no chunk of it takes, or too few', () => {
    const three = Uint8Array.of(1, 2, 3);
    const refusals = [
      record(ping, three),
      record(publish(head()), three),
      record(publish(bytesHead(2)), three),
      record(publish(`${bytesHead(2)},${bytesHead(2)}`), three),
      record(publish('{"type":"binary","data":"AQID","size":3,"timestamp":1}'), three),
    ].map((message) => (decodeFromClient(message)[0] as BadFrame).error);
    expect(refusals.map(({ code, message }) => `${code}: ${message}`)).toEqual([
      'frame-invalid: frame "ping" field "chunks": 3 bytes of the message are in no chunk',
      'frame-invalid: frame "publish" field "chunks": 3 bytes of the message are in no chunk',
      'frame-invalid: frame "publish" field "chunks": 1 bytes of the message are in no chunk',
      'frame-invalid: frame "publish" field "chunks.1": its 2 bytes are not in the message',
      'chunk-invalid: frame "publish" field "chunks.0": chunk: must not have a field "data"',
    ]);
  });

  it('says what it was about, as far as it does', () => {
    const about = (frame: string): unknown => {
      const { t, stream, ch, producer } = decodeFromClient(frame)[0] as BadFrame;
      return { t, stream, ch, producer };
    };
    const nothing = { t: undefined, stream: undefined, ch: undefined, producer: undefined };
    expect(about('{}')).toEqual(nothing);
    expect(about('{"t":1,"stream":2,"ch":"3","producer":4}')).toEqual(nothing);
    expect(about('{"t":"credit","ch":-1}')).toEqual({ ...nothing, t: 'credit' });
    expect(about('{"t":"credit","ch":0.5}')).toEqual({ ...nothing, t: 'credit' });
    expect(about('{"t":"credit","ch":7}')).toEqual({ ...nothing, t: 'credit', ch: 7 });
    expect(about(publish('5'))).toEqual({ ...nothing, t: 'publish', stream: 'a', producer: 'p' });
    expect(about('{"t":"cancel","stream":"../x"}')).toEqual({ ...nothing, t: 'cancel', stream: '../x' });
  });

  it('is not quoted at length', () => {
    const long = 'x'.repeat(50_000);
    for (const frame of [
      { t: long, stream: long, producer: long },
      { t: 'cancel', stream: 'a', [long]: 1 },
      { t: 'publish', stream: 'a', producer: 'p', epoch: 0, seq: 0, chunks: [{ type: 'text', [long]: 1 }] },
    ]) {
      const { error, t, stream, producer } = decodeFromClient(JSON.stringify(frame))[0] as BadFrame;
      expect(error.message.length).toBeLessThan(400);
      expect(JSON.stringify({ t, stream, producer, details: error.details }).length).toBeLessThan(1200);
    }
  });

  it('ends the message when there are more than 256 from a client', () => {
    const message = (wrong: number): string => Array<string>(wrong).fill('{}').join('\n');
    expect(decodeFromClient(message(256))).toHaveLength(256);
    expect(() => decodeFromClient(message(257))).toThrow(
      expect.objectContaining({ code: 'frame-malformed' }) as StreamError,
    );
    expect(decodeFromServer(message(257))).toHaveLength(257);
  });
});
