import { describe, expect, it, vi } from 'vitest';
import { type ChunkBody, createChunk, type EncodedChunk, encodeChunk } from '../chunk/index.js';
import { BadFrame, type ClientFrame, closeCodes, type OutgoingFrame, type ServerFrame } from '../protocol/index.js';
import type { ClientTransport, Link, LinkAcceptor, LinkEvents } from '../transport/transport.js';

/** A transport, running, and the means to disturb it. */
export interface TransportUnderTest {
  readonly transport: ClientTransport;
  /** Stops one side of every link from reading, until the function it answers with is called. */
  stall(side: 'client' | 'server'): () => void;
  /** Breaks every link without a word. */
  cut(): void;
  /** Lets everything go. */
  close(): void | Promise<void>;
}

/** Makes a transport to this acceptor whose links stop being writable at this many bytes. */
export type MakeTransport = (
  acceptor: LinkAcceptor,
  highWaterMark: number,
) => TransportUnderTest | Promise<TransportUnderTest>;

/** Options of {@link transportLaws}. */
export interface TransportLawOptions {
  /** Bytes the layers beneath take in one direction while nobody reads: a socket's buffers. Default 32 MiB. */
  readonly slackBytes?: number;
  /** How long a law waits for what must come, in milliseconds. Default 10 000. */
  readonly patienceMs?: number;
}

/**
 * Runs the laws every transport keeps, as a `describe` of their own: frames both ways and in order, one message for each
 * send, bytes raw, bad frames apart from good ones, malformed messages, close codes and reasons, exactly one end and
 * nothing behind it, and back-pressure with bounded memory.
 *
 * @param make - called once for each law
 *
 * @example
 * transportLaws('memory', (acceptor, highWaterMark) => disturbable(createMemoryTransport(acceptor, { highWaterMark })));
 */
export function transportLaws(name: string, make: MakeTransport, options: TransportLawOptions = {}): void {
  describe(`${name} keeps the laws of transports:`, () => {
    for (const { title, check } of transportLawsOf(make, options)) it(title, check);
  });
}

/** @internal One law, checked on one transport. */
export interface TransportLaw {
  readonly title: string;
  check(): Promise<void>;
}

/** @internal The laws, each with its check: what {@link transportLaws} registers. */
export function transportLawsOf(make: MakeTransport, options: TransportLawOptions = {}): readonly TransportLaw[] {
  const { slackBytes = 32 << 20, patienceMs = 10_000 } = options;
  const law = (title: string, check: (stage: Stage) => Promise<void>): TransportLaw => ({
    title,
    check: async () => {
      const stage = await Stage.set(make, patienceMs);
      try {
        await check(stage);
      } finally {
        await stage.close();
      }
    },
  });
  return [
    law('says that a link is open once, first, and in a later turn', saysOpen),
    law('sends nothing before the link is open', sendsNothingEarly),
    law('carries frames both ways, in order, one message for each send', carriesFrames),
    law('carries bytes raw, beside text', carriesBytes),
    law('hands up a frame that cannot be read beside the others of its message', handsUpBadFrames),
    law('closes with 4400 when a message from the client is no sequence of frames', async (stage) =>
      closesMalformed(await stage.open(), 'client'),
    ),
    law('closes with 4400 when a message from the server is no sequence of frames', async (stage) =>
      closesMalformed(await stage.open(), 'server'),
    ),
    law("tells both sides the client's close code and reason, once", async (stage) =>
      tellsClose(await stage.open(), 'client'),
    ),
    law("tells both sides the server's close code and reason, once", async (stage) =>
      tellsClose(await stage.open(), 'server'),
    ),
    law('closes with a reason of any length', closesWithAnyReason),
    law('tells both sides 1006 when the connection breaks', tellsCut),
    law('does nothing when used after the end', isHarmlessAfterEnd),
    law('keeps links apart', keepsLinksApart),
    law('is not writable while the client does not read, and says when it is again', async (stage) =>
      pushesBack(stage, 'server', slackBytes),
    ),
    law('is not writable while the server does not read, and says when it is again', async (stage) =>
      pushesBack(stage, 'client', slackBytes),
    ),
  ];
}

type Role = 'client' | 'server';

/** Bytes at which the links under test stop being writable. */
const highWaterMark = 256 * 1024;

/** One side of a link, and what it heard, in order. */
class Side {
  link!: Link;
  readonly heard: string[] = [];
  readonly messages: (readonly unknown[])[] = [];
  readonly ends: { code: number; reason: string }[] = [];

  readonly events = {
    opened: () => void this.heard.push('opened'),
    frames: (frames: readonly unknown[]) => {
      this.heard.push('frames');
      this.messages.push(frames);
    },
    drained: () => void this.heard.push('drained'),
    closed: (code: number, reason: string) => {
      this.heard.push('closed');
      this.ends.push({ code, reason });
    },
  } satisfies LinkEvents<unknown> & { opened(): void };

  constructor(private readonly until: Until) {}

  get frames(): readonly unknown[] {
    return this.messages.flat();
  }

  count(word: string): number {
    return this.heard.filter((heard) => heard === word).length;
  }

  async hears(word: string): Promise<void> {
    await this.until(() => expect(this.heard).toContain(word));
  }

  async gets(messages: number): Promise<void> {
    await this.until(() => expect(this.messages.length).toBeGreaterThanOrEqual(messages));
  }
}

/** Waits until a check passes. */
type Until = (check: () => void) => Promise<void>;

/** An open link, seen from both sides. */
type Pair = Readonly<Record<Role, Side>>;

/** A transport and the sides of its links. */
class Stage {
  readonly servers: Side[] = [];
  subject!: TransportUnderTest;
  readonly until: Until;

  private constructor(patienceMs: number) {
    this.until = async (check) => vi.waitFor(check, { timeout: patienceMs, interval: 2 });
  }

  static async set(make: MakeTransport, patienceMs: number): Promise<Stage> {
    const stage = new Stage(patienceMs);
    const acceptor: LinkAcceptor = {
      accept: (link) => {
        const side = new Side(stage.until);
        side.link = link;
        stage.servers.push(side);
        return side.events;
      },
    };
    stage.subject = await make(acceptor, highWaterMark);
    return stage;
  }

  connect(): Side {
    const side = new Side(this.until);
    side.link = this.subject.transport.connect(side.events);
    return side;
  }

  async open(): Promise<Pair> {
    const before = this.servers.length;
    const client = this.connect();
    await client.hears('opened');
    await this.until(() => expect(this.servers.length).toBeGreaterThan(before));
    return { client, server: this.servers[before]! };
  }

  async close(): Promise<void> {
    await this.subject.close();
  }
}

async function saysOpen(stage: Stage): Promise<void> {
  const client = stage.connect();
  expect(client.heard, 'heard within connect').toEqual([]);
  await client.hears('opened');
  await stage.until(() => expect(stage.servers).toHaveLength(1));
  stage.servers[0]!.link.send([pong(1)]);
  await client.gets(1);
  expect(client.heard).toEqual(['opened', 'frames']);
}

async function sendsNothingEarly(stage: Stage): Promise<void> {
  const client = stage.connect();
  client.link.send([ping(1)]);
  await client.hears('opened');
  client.link.send([ping(2)]);
  await stage.until(() => expect(stage.servers[0]?.messages).toEqual([[ping(2)]]));
}

async function carriesFrames(stage: Stage): Promise<void> {
  const { client, server } = await stage.open();
  for (let n = 0; n < 100; n++) {
    client.link.send([ping(n)]);
    client.link.send([]);
    server.link.send(n % 2 === 0 ? [pong(n)] : [pong(n), pong(n)]);
  }
  await Promise.all([client.gets(100), server.gets(100)]);
  expect(server.messages).toEqual(Array.from({ length: 100 }, (_, n) => [ping(n)]));
  expect(client.messages).toEqual(
    Array.from({ length: 100 }, (_, n) => (n % 2 === 0 ? [pong(n)] : [pong(n), pong(n)])),
  );
}

async function carriesBytes(stage: Stage): Promise<void> {
  const { client, server } = await stage.open();
  const bytes = Uint8Array.from({ length: 256 }, (_, n) => n);
  const chunks = [body(bytes), body('Ünïcödé 🐳'), body(new Uint8Array())];
  const sent = data(7, chunks);
  client.link.send([publish(chunks), ping(1)]);
  server.link.send([sent]);
  // A frame that goes to many links is encoded once: the second time must carry the same.
  server.link.send([sent]);
  await Promise.all([client.gets(2), server.gets(1)]);
  expect(server.messages).toEqual([[{ ...publish([]), chunks }, ping(1)]]);
  expect(client.messages).toEqual([[{ ...data(7, []), chunks }], [{ ...data(7, []), chunks }]]);
}

async function handsUpBadFrames(stage: Stage): Promise<void> {
  const { client, server } = await stage.open();
  const unknown = { t: 'nonsense' } as never;
  client.link.send([ping(1), unknown, ping(2)]);
  server.link.send([pong(1), unknown, pong(2)]);
  client.link.send([ping(3)]);
  await Promise.all([client.gets(1), server.gets(2)]);
  for (const [first, bad, second] of [server.messages[0]!, client.messages[0]!]) {
    expect(first).not.toBeInstanceOf(BadFrame);
    expect((bad as BadFrame).error.code).toBe('frame-unknown');
    expect(second).not.toBeInstanceOf(BadFrame);
  }
  expect(server.messages[1]).toEqual([ping(3)]);
}

async function closesMalformed(pair: Pair, from: Role): Promise<void> {
  const { sender, receiver } = roles(pair, from);
  // JSON, but no object: what no encoder of ours would send.
  sender.link.send([[] as never]);
  sender.link.send([from === 'client' ? ping(1) : pong(1)]);
  await Promise.all([sender.hears('closed'), receiver.hears('closed')]);
  expect(receiver.frames, 'frames behind the malformed message').toEqual([]);
  for (const { ends } of [sender, receiver]) {
    expect(ends.map(({ code }) => code)).toEqual([closeCodes['frame-malformed']]);
    expect(ends[0]!.reason).toContain('a frame must be a JSON object');
  }
}

async function tellsClose(pair: Pair, from: Role): Promise<void> {
  const { sender, receiver } = roles(pair, from);
  const last = from === 'client' ? ping(1) : pong(1);
  sender.link.send([last]);
  sender.link.close(closeCodes['limit-reached'], 'for a reason');
  expect(sender.heard, 'heard within close').not.toContain('closed');
  await Promise.all([sender.hears('closed'), receiver.hears('closed')]);
  await silence();
  expect(receiver.frames, 'what was sent before the close').toEqual([last]);
  for (const { ends, heard } of [sender, receiver]) {
    expect(ends).toEqual([{ code: closeCodes['limit-reached'], reason: 'for a reason' }]);
    expect(heard.at(-1)).toBe('closed');
  }
}

async function closesWithAnyReason(stage: Stage): Promise<void> {
  const { client, server } = await stage.open();
  const reason = '🐋'.repeat(100);
  server.link.close(closeCodes['limit-reached'], reason);
  await client.hears('closed');
  const [end] = client.ends;
  expect(end!.code).toBe(closeCodes['limit-reached']);
  expect(reason.startsWith(end!.reason)).toBe(true);
  expect(end!.reason.length).toBeGreaterThan(50);
  expect(end!.reason.isWellFormed()).toBe(true);
}

async function tellsCut(stage: Stage): Promise<void> {
  const { client, server } = await stage.open();
  stage.subject.cut();
  await Promise.all([client.hears('closed'), server.hears('closed')]);
  await silence();
  for (const { ends } of [client, server]) expect(ends.map(({ code }) => code)).toEqual([closeCodes.lost]);
}

async function isHarmlessAfterEnd(stage: Stage): Promise<void> {
  const { client, server } = await stage.open();
  client.link.close(closeCodes.normal, 'done');
  client.link.close(closeCodes.internal, 'again');
  client.link.send([ping(1)]);
  server.link.send([pong(1)]);
  await Promise.all([client.hears('closed'), server.hears('closed')]);
  for (const { link } of [client, server]) {
    link.send([ping(2)]);
    link.close(closeCodes.normal, 'too late');
  }
  await silence();
  expect(server.frames).toEqual([]);
  expect(client.heard).toEqual(['opened', 'closed']);
  expect(client.ends).toEqual([{ code: closeCodes.normal, reason: 'done' }]);
  expect(server.ends).toEqual([{ code: closeCodes.normal, reason: 'done' }]);
}

async function keepsLinksApart(stage: Stage): Promise<void> {
  const one = await stage.open();
  const other = await stage.open();
  one.client.link.send([ping(1)]);
  other.server.link.send([pong(2)]);
  await Promise.all([one.server.gets(1), other.client.gets(1)]);
  one.client.link.close(closeCodes.normal, '');
  await one.server.hears('closed');
  other.client.link.send([ping(3)]);
  await other.server.gets(1);
  expect(one.server.frames).toEqual([ping(1)]);
  expect(other.server.frames).toEqual([ping(3)]);
  expect(other.client.frames).toEqual([pong(2)]);
  expect(one.client.frames).toEqual([]);
}

async function pushesBack(stage: Stage, from: Role, slackBytes: number): Promise<void> {
  const { sender, receiver } = roles(await stage.open(), from);
  expect(sender.link.writable).toBe(true);
  const release = stage.subject.stall(from === 'client' ? 'server' : 'client');
  const size = 32 * 1024;
  const text = noise(size);
  const frame = (n: number): OutgoingFrame =>
    from === 'client' ? { ...publish([body(text)]), seq: n } : data(n, [body(text)]);
  let sent = 0;
  // Until it stays full: kernels make room for a while, and then they do not.
  while (sender.link.writable) {
    sender.link.send([frame(sent++)]);
    expect(sent * size, 'bytes taken while nobody reads').toBeLessThan(slackBytes + highWaterMark + size);
    await (sender.link.writable ? turn() : silence());
  }
  const drained = sender.count('drained');
  release();
  await stage.until(() => expect(sender.count('drained')).toBeGreaterThan(drained));
  expect(sender.link.writable).toBe(true);
  await receiver.gets(sent);
  expect(receiver.frames.map((got) => (got as { seq: number }).seq)).toEqual(Array.from({ length: sent }, (_, n) => n));
}

function roles(pair: Pair, from: Role): { sender: Side; receiver: Side } {
  return { sender: pair[from], receiver: pair[from === 'client' ? 'server' : 'client'] };
}

/** Text that compression makes hardly shorter. */
function noise(size: number): string {
  let text = '';
  for (let state = 1; text.length < size; state = (state * 16_807) % 2_147_483_647) text += state.toString(36);
  return text.slice(0, size);
}

/** Long enough for what should not come to come. */
async function silence(): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, 30));
}

async function turn(): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve));
}

function ping(n: number): ClientFrame<EncodedChunk> {
  return { t: 'ping', grants: [[n, n, n]] };
}

function pong(n: number): ServerFrame<EncodedChunk> {
  return { t: 'pong', sent: [[n, n]] };
}

function body(value: string | Uint8Array): ChunkBody {
  const { streamId: _, seq: __, ...rest } = createChunk({ streamId: 'laws', seq: 0, data: value, timestamp: 1 });
  return rest;
}

function publish(chunks: readonly ChunkBody[]) {
  const place = { stream: 'laws/of/transports', producer: 'laws', epoch: 0, seq: 0 };
  return { t: 'publish', ...place, chunks: chunks.map(encodeChunk) } as const;
}

function data(seq: number, chunks: readonly ChunkBody[]) {
  return { t: 'data', ch: 3, seq, chunks: chunks.map(encodeChunk) } as const;
}
