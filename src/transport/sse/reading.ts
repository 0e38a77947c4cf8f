import { type JoinPosition, StreamError } from '../../chunk/index.js';
import { createEventStreamReader } from '../../format/event-stream.js';
import { BadFrame, type FrameOf, type ServerFrame } from '../../protocol/index.js';
import { type NumberedBody, readEvent, readFrame, type Said, type SnapshotBody } from './read-event.js';
import { lifeHeader, seqHeader, snapshotHeader } from './route.js';
import { errorOfStatus } from './status.js';

/** What a reading tells the link it belongs to. */
export interface ReadingEvents {
  frames(frames: readonly (ServerFrame | BadFrame)[]): void;
  /** The response broke off, or could not be understood. Nothing comes after it. */
  broken(error: StreamError): void;
}

/** Most bytes of an event: a snapshot may be far larger than a chunk. */
const maxEventBytes = 1 << 23;

/** Opens a response. */
export type Open = (signal: AbortSignal) => Promise<Response>;

/**
 * One stream read over one response. What a read of the body brought beyond credit waits here, and while it waits the body
 * is not read: the connection fills up, and the server's side of it holds the stream.
 */
export class Reading {
  /** The server's answer, once it has come. */
  subscribed: FrameOf<ServerFrame, 'subscribed'> | undefined;
  /** Number of the next chunk to hand on. */
  next = 0;

  readonly #abort = new AbortController();
  #waiting: Said[] = [];
  #grantedChunks = 0;
  #grantedBytes = 0;
  #chunks = 0;
  #bytes = 0;
  /** The stream has ended, or the server has refused to go on. */
  #done = false;
  #stopped = false;
  #wake: (() => void) | undefined;
  /** The server owes the next bytes. */
  #listening = true;
  /** A snapshot was announced, and is to be the first thing that comes. */
  #expecting = false;
  #heard = true;
  /** The stream's life, if the server says it. */
  #life: string | undefined;

  readonly #events: ReadingEvents;

  constructor(
    readonly streamId: string,
    readonly ch: number,
    /** The position asked for, to recognise the same request when it is repeated. */
    readonly from: JoinPosition,
    events: ReadingEvents,
  ) {
    this.#events = events;
  }

  /** Begins to read, once. */
  async run(open: Open): Promise<void> {
    try {
      const response = await open(this.#abort.signal);
      this.#heard = true;
      if (response.status === 200 && response.body !== null) await this.#read(response, response.body);
      else await this.#refused(response);
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      this.#fail(error instanceof StreamError ? error : new StreamError('connection-lost', message, { cause: error }));
    }
  }

  /** Raises the totals; lower ones change nothing. */
  grant(chunks: number, bytes: number): void {
    this.#grantedChunks = Math.max(this.#grantedChunks, chunks);
    this.#grantedBytes = Math.max(this.#grantedBytes, bytes);
    this.#handOn();
    if (this.#waiting.length > 0) return;
    this.#wake?.();
    this.#wake = undefined;
  }

  /** Lets the response go. Nothing is told afterwards. */
  stop(): void {
    this.#stopped = true;
    this.#waiting = [];
    this.#abort.abort();
    this.#wake?.();
  }

  /** Whether the server has said something since the last call, a comment at least, or had no reason to. */
  takeSignOfLife(): boolean {
    const alive = this.#heard || !this.#listening || this.#done;
    this.#heard = false;
    return alive;
  }

  async #read(response: Response, body: ReadableStream<Uint8Array>): Promise<void> {
    this.#begin(response);
    const parser = createEventStreamReader(
      (event) => {
        const said = readEvent(event, this.streamId, this.ch);
        if (said === undefined) return;
        this.#expect(said);
        this.#waiting.push(said);
      },
      { maxEventBytes },
    );
    const reader = body.getReader();
    while (!this.#stopped) {
      if (this.#waiting.length > 0) await this.#handedOn();
      const { done, value } = await reader.read();
      if (done) break;
      this.#heard = true;
      parser.push(value);
      this.#handOn();
    }
    if (!this.#done && !this.#waiting.some(isLast)) throw new StreamError('connection-lost', 'the response broke off');
  }

  #begin(response: Response): void {
    const seq = Number(response.headers.get(seqHeader) ?? Number.NaN);
    const type = response.headers.get('content-type') ?? '';
    if (!Number.isSafeInteger(seq) || !type.startsWith('text/event-stream')) {
      throw new StreamError('frame-malformed', 'the answer is no event stream of sluice');
    }
    this.next = seq;
    this.#life = response.headers.get(lifeHeader) ?? undefined;
    this.#expecting = response.headers.has(snapshotHeader);
    if (this.#expecting) return;
    this.#tell([this.#begun()]);
  }

  /** It begins, at `next`. */
  #begun(): FrameOf<ServerFrame, 'subscribed'> {
    const { streamId: stream, ch, next: seq } = this;
    this.subscribed = { t: 'subscribed', stream, life: this.#life, ch, seq };
    return this.subscribed;
  }

  /** A snapshot comes first where it was announced, and nowhere else. */
  #expect(said: Said): void {
    if (said instanceof BadFrame) return;
    const expecting = this.#expecting;
    this.#expecting = false;
    const right = isSnapshot(said) ? expecting && said.snapshot.seq === this.next - 1 : !expecting || isLast(said);
    if (!right) throw new StreamError('frame-malformed', 'a snapshot is not where it was announced');
  }

  /** The snapshot is here, and with it the reading begins. */
  #join({ snapshot }: SnapshotBody): ServerFrame {
    return { ...this.#begun(), chunks: [snapshot.body] };
  }

  get #affordable(): boolean {
    return this.#chunks < this.#grantedChunks && this.#bytes < this.#grantedBytes;
  }

  /** Resolves when nothing waits any more. */
  async #handedOn(): Promise<void> {
    this.#listening = false;
    await new Promise<void>((resolve) => {
      this.#wake = resolve;
    });
    this.#listening = true;
    this.#heard = true;
  }

  /** Hands on what waits, as far as credit goes: runs of chunks as one frame. */
  #handOn(): void {
    const frames: (ServerFrame | BadFrame)[] = [];
    let run: NumberedBody[] = [];
    let count = 0;
    for (const said of this.#waiting) {
      if (isChunk(said)) {
        if (!this.#affordable) break;
        if (run.length > 0 && said.seq !== this.next) run = this.#close(run, frames);
        run.push(said);
        this.#count(said);
      } else if (isSnapshot(said)) {
        frames.push(this.#join(said));
      } else {
        run = this.#close(run, frames);
        frames.push(said);
        this.#follow(said);
      }
      count++;
    }
    this.#close(run, frames);
    this.#waiting = this.#waiting.slice(count);
    this.#tell(frames);
  }

  #close(run: readonly NumberedBody[], frames: (ServerFrame | BadFrame)[]): NumberedBody[] {
    const [first] = run;
    if (first !== undefined) {
      frames.push({ t: 'data', ch: this.ch, seq: first.seq, chunks: run.map(({ body }) => body) });
    }
    return [];
  }

  #count({ seq, body }: NumberedBody): void {
    this.next = seq + 1;
    this.#chunks++;
    this.#bytes += body.size;
  }

  #follow(said: ServerFrame | BadFrame): void {
    if (isLast(said)) this.#done = true;
    else if (!(said instanceof BadFrame) && said.t === 'gap') this.next = said.to;
  }

  async #refused(response: Response): Promise<void> {
    const { status } = response;
    const code = errorOfStatus(status);
    const told: unknown = await response.json().catch(() => undefined);
    const said = readFrame({ ...(told as object | undefined), t: 'error', stream: this.streamId });
    if (status === 503 || (said instanceof BadFrame && code === undefined)) {
      throw new StreamError('connection-lost', `the server answered ${status}`);
    }
    this.#done = true;
    if (!(said instanceof BadFrame)) this.#tell([said]);
    else this.#tell([{ t: 'error', code: code!, message: `the server answered ${status}`, stream: this.streamId }]);
  }

  #tell(frames: readonly (ServerFrame | BadFrame)[]): void {
    if (!this.#stopped && frames.length > 0) this.#events.frames(frames);
  }

  #fail(error: StreamError): void {
    if (this.#stopped) return;
    this.stop();
    this.#events.broken(error);
  }
}

function isChunk(said: Said): said is NumberedBody {
  return 'body' in said;
}

function isSnapshot(said: Said): said is SnapshotBody {
  return 'snapshot' in said;
}

function isLast(said: Said): boolean {
  return !isChunk(said) && !isSnapshot(said) && !(said instanceof BadFrame) && (said.t === 'end' || said.t === 'error');
}
