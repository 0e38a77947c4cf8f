import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type ChunkData, createChunk, type EncodedChunk, encodeChunk } from '../../../src/chunk/index.js';
import { createEventStreamReader, type IncomingEvent } from '../../../src/format/event-stream.js';
import type { BadFrame, ClientFrame, FrameOf, ServerFrame } from '../../../src/protocol/index.js';
import type { Link, LinkAcceptor, Peer } from '../../../src/transport/transport.js';
import { type EventStreamOptions, serveEventStream } from '../../../src/transport/sse/server.js';

/** The channel every session here gives its stream. */
export const channel = 5;

/** A chunk as a session would send it. */
export function encoded(data: ChunkData): EncodedChunk {
  return encodeChunk(createChunk({ streamId: 's', seq: 0, data, timestamp: 1 }));
}

/** Plays a session: notes what it hears, and does what a test's script says. */
export class StubSession {
  readonly frames: ClientFrame[] = [];
  readonly ends: { code: number; reason: string }[] = [];

  constructor(
    readonly link: Link,
    readonly peer: Peer,
  ) {}

  /** The request for the stream. */
  get subscribe(): FrameOf<ClientFrame, 'subscribe'> {
    return this.all('subscribe')[0]!;
  }

  /** Everything of a kind it heard. */
  all<T extends ClientFrame['t']>(t: T): FrameOf<ClientFrame, T>[] {
    return this.frames.filter((frame): frame is FrameOf<ClientFrame, T> => frame.t === t);
  }

  send(...frames: ServerFrame<EncodedChunk>[]): void {
    this.link.send(frames);
  }

  /** Answers the request: the first chunk is `seq`, and those before come to a snapshot if there is one. */
  begin(seq = 0, snapshot?: ChunkData): void {
    const answer = { t: 'subscribed', stream: this.subscribe.stream, ch: channel, seq } as const;
    this.send(snapshot === undefined ? answer : { ...answer, chunks: [encoded(snapshot)] });
  }

  data(seq: number, ...data: ChunkData[]): void {
    this.send({ t: 'data', ch: channel, seq, chunks: data.map(encoded) });
  }

  end(seq: number): void {
    this.send({ t: 'end', ch: channel, seq, status: 'completed' });
  }
}

/** What a session does when it hears a frame. */
export type Script = (session: StubSession, frame: ClientFrame) => void;

/** Serves a finished list of texts from wherever the reader begins, without regard to credit. */
export function serves(texts: readonly string[]): Script {
  return (session, frame) => {
    if (frame.t !== 'subscribe') return;
    const from = typeof frame.from === 'number' ? frame.from : 0;
    session.begin(from);
    if (from < texts.length) session.data(from, ...texts.slice(from));
    session.end(texts.length);
  };
}

/** An HTTP server on a free port of the loopback that serves event streams from scripted sessions. */
export class Lab {
  readonly sessions: StubSession[] = [];

  private constructor(
    readonly http: Server,
    readonly url: string,
  ) {}

  static async start(script: Script = () => {}, options: EventStreamOptions = {}): Promise<Lab> {
    return Lab.serve((lab) => (request, response) => {
      serveEventStream(request, response, lab.acceptor(script), options);
    });
  }

  /** Starts a server that answers in its own way. */
  static async serve(
    handler: (lab: Lab) => (request: IncomingMessage, response: ServerResponse) => void,
  ): Promise<Lab> {
    const http = createServer((request, response) => handler(lab)(request, response));
    await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve));
    const lab: Lab = new Lab(http, `http://127.0.0.1:${(http.address() as AddressInfo).port}`);
    return lab;
  }

  acceptor(script: Script): LinkAcceptor {
    return {
      accept: (link, peer) => {
        const session = new StubSession(link, peer);
        this.sessions.push(session);
        return {
          frames: (frames: readonly (ClientFrame | BadFrame)[]) => {
            for (const frame of frames as ClientFrame[]) {
              session.frames.push(frame);
              script(session, frame);
            }
          },
          drained: () => {},
          closed: (code: number, reason: string) => void session.ends.push({ code, reason }),
        };
      },
    };
  }

  async close(): Promise<void> {
    this.http.closeAllConnections();
    await new Promise((resolve) => this.http.close(resolve));
  }
}

/** A response as a reader sees it, growing while it is read. */
export class EventReading {
  readonly events: IncomingEvent[] = [];
  text = '';
  over = false;
  private readonly abort = new AbortController();
  response!: Response;

  static async of(url: string, headers: Record<string, string> = {}): Promise<EventReading> {
    const reading = new EventReading();
    reading.response = await fetch(url, { headers, signal: reading.abort.signal });
    void reading.read().catch(() => (reading.over = true));
    return reading;
  }

  /** What an `EventSource` would say when it reconnects. */
  get lastEventId(): string | undefined {
    return this.events.findLast(({ id }) => id !== undefined)?.id ?? /^id: (.*)$/m.exec(this.text)?.[1];
  }

  private async read(): Promise<void> {
    const decoder = new TextDecoder();
    const parser = createEventStreamReader((event) => this.events.push(event));
    for await (const bytes of this.response.body ?? []) {
      this.text += decoder.decode(bytes, { stream: true });
      parser.push(bytes);
    }
    this.over = true;
  }

  stop(): void {
    this.abort.abort();
  }
}
