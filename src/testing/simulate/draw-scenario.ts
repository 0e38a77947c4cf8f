import type { Position } from '../../chunk/index.js';
import type { Close } from '../../log/log.js';
import { Random } from './random.js';
import type {
  Batch,
  ClientPlan,
  Mishap,
  Rates,
  ReaderPlan,
  Restart,
  Scenario,
  ServerPlan,
  StreamPlan,
  WriterPlan,
} from './scenario.js';

/** @internal Draws a scenario: the same for the same seed. */
export function drawScenario(seed: number): Scenario {
  return new Draw(seed).scenario();
}

const calmLink: Rates = {
  loss: 0,
  duplication: 0,
  reordering: 0,
  reorderMs: [1, 50],
  delayMs: [0, 0],
  cut: 0,
  halfOpen: 0,
};

/** The ways a gateway goes. */
const departures: readonly [Departure, ...Departure[]] = [
  { abrupt: true, goodbyeMs: undefined },
  { abrupt: false, goodbyeMs: undefined },
  { abrupt: false, goodbyeMs: 300 },
];

type Departure = Pick<Restart, 'abrupt' | 'goodbyeMs'>;

class Draw {
  private readonly random: Random;
  private readonly calmMs: number;
  /** Every second run is about small things only: it is quick, and its pictures are small. */
  private readonly small: boolean;
  private readonly server: ServerPlan;

  constructor(private readonly seed: number) {
    this.random = new Random(seed);
    this.calmMs = this.random.int(400, 2500);
    this.small = this.random.chance(0.5);
    this.server = this.drawServer();
  }

  scenario(): Scenario {
    const { seed, calmMs, small } = this;
    const clients = this.many(small ? 2 : 4, (n) => this.client(`c${n}`));
    const streams = this.many(small ? 1 : 3, (n) => this.stream(`s${n}`, clients.length));
    const writers = streams.flatMap((_, stream) => this.writers(stream, clients.length));
    const first = this.many(small ? 2 : 5, (n) => this.reader(`r${n}`, streams.length, clients.length));
    const readers = [...first, ...first.flatMap((reader) => this.follower(reader))];
    return { seed, calmMs, server: this.server, streams, clients, writers, readers };
  }

  private many<T>(most: number, make: (n: number) => T): T[] {
    return Array.from({ length: this.random.int(1, most) }, (_, n) => make(n));
  }

  private time(): number {
    return this.random.int(1, this.calmMs);
  }

  private drawServer(): ServerPlan {
    const { random } = this;
    const restarts = random.chance(0.3) ? random.int(1, 2) : 0;
    return {
      pingMs: random.int(200, 1000),
      maxFrame: random.pick([4096, 8192, 65_536]),
      window: { chunks: random.scale(1, 64), bytes: random.scale(32, 8192) },
      restarts: Array.from({ length: restarts }, () => ({
        atMs: random.int(1, this.calmMs),
        downMs: random.int(0, 400),
        ...random.pick(departures),
      })),
    };
  }

  private stream(name: string, clients: number): StreamPlan {
    const { random } = this;
    const trims = random.chance(0.5) ? random.int(1, 4) : 0;
    return {
      name,
      trims: Array.from({ length: trims }, () => ({ atMs: this.time(), keep: random.int(0, 6) })),
      cancel: random.chance(0.15) ? { atMs: this.time(), client: random.int(0, clients - 1) } : undefined,
    };
  }

  private client(name: string): ClientPlan {
    const { random } = this;
    const minMs = random.int(5, 60);
    const mishaps = random.chance(0.4) ? random.int(1, 3) : 0;
    return {
      name,
      toServer: this.rates(),
      toClient: this.rates(),
      highWaterMark: random.pick([256, 2048, 1 << 20]),
      pingMs: random.int(150, 800),
      retryMs: random.int(60, 400),
      gapMs: random.int(5, 120),
      connectMs: random.int(250, 600),
      backoff: { minMs, maxMs: random.int(minMs, 400) },
      mishaps: Array.from({ length: mishaps }, () => this.mishap()),
    };
  }

  private rates(): Rates {
    const { random } = this;
    const worst = random.pick([0, 0.05, 0.2, 0.4]);
    const some = (share: number): number => (random.chance(share) ? Math.ceil(random.next() * worst * 100) / 100 : 0);
    const slow = random.pick([0, 5, 40]);
    return {
      ...calmLink,
      loss: some(0.6),
      duplication: some(0.5),
      reordering: some(0.5),
      reorderMs: [1, random.int(2, 80)],
      delayMs: [random.int(0, slow), random.int(slow, slow * 2)],
      cut: some(0.2) / 10,
      halfOpen: some(0.2) / 10,
    };
  }

  private mishap(): Mishap {
    const { random } = this;
    const atMs = this.time();
    const direction = random.pick(['toServer', 'toClient']);
    const kind = random.pick(['cut', 'swallow', 'stall']);
    if (kind === 'cut') return { kind, atMs };
    return kind === 'swallow' ? { kind, atMs, direction } : { kind, atMs, direction, forMs: random.int(5, 500) };
  }

  /** A stream's writers: one; one and its next life, which fences it; or two that know nothing of each other. */
  private writers(stream: number, clients: number): WriterPlan[] {
    const { random } = this;
    const writer = (life: string, rest: Partial<WriterPlan> = {}): WriterPlan => {
      const client = random.int(0, clients - 1);
      const batches = this.batches();
      const close = this.close(batches.length);
      return { name: `w${stream}${life}`, stream, client, producer: undefined, batches, close, ...rest };
    };
    const kind = random.pick(['one', 'one', 'one', 'lives', 'two']);
    if (kind === 'one') return [writer('')];
    if (kind === 'two') return [writer('a', { close: undefined }), writer('b')];
    const id = `p${stream}`;
    return [writer('a', { producer: { id, epoch: 0 } }), writer('b', { producer: { id, epoch: 1 } })];
  }

  private close(batches: number): WriterPlan['close'] {
    const { random } = this;
    const close = random.pick<Close>([
      { status: 'completed' },
      { status: 'completed' },
      { status: 'failed', reason: 'the source broke' },
      { status: 'cancelled' },
    ]);
    return { ...close, batch: random.chance(0.1) ? random.int(0, batches - 1) : batches - 1 };
  }

  private batches(): Batch[] {
    const { random, small } = this;
    const count = random.int(1, small ? 6 : 12);
    const largest = random.pick([20, 60, 400]);
    const first = random.int(1, this.calmMs);
    const last = random.int(first, this.calmMs + 300);
    const times = Array.from({ length: count }, () => random.int(first, last)).sort((a, b) => a - b);
    return times.map((atMs) => ({
      atMs,
      sizes: Array.from({ length: random.int(1, small ? 3 : 6) }, () => this.size(largest)),
    }));
  }

  private size(largest: number): number {
    const { random, server } = this;
    // Now and then one that no message can hold, where it does not take too long to make.
    return server.maxFrame < 5000 && random.chance(0.01) ? 5000 : random.int(12, largest);
  }

  private reader(name: string, streams: number, clients: number): ReaderPlan {
    const { random } = this;
    const fast = random.chance(0.5);
    return {
      name,
      stream: random.int(0, streams - 1),
      client: random.int(0, clients - 1),
      from: this.position(),
      atMs: this.time(),
      window: { chunks: random.scale(1, 64), bytes: random.scale(16, 8192) },
      paceMs: fast ? undefined : [0, random.int(1, 30)],
      onGap: random.pick(['error', 'skip']),
      leaveAfter: random.chance(0.2) ? random.int(1, 10) : undefined,
      follows: undefined,
    };
  }

  private position(): Position {
    const kind = this.random.pick(['beginning', 'beginning', 'now', 'number']);
    return kind === 'number' ? this.random.int(0, 12) : (kind as Position);
  }

  /** Some who leave come back for more, from somewhere else. */
  private follower(reader: ReaderPlan): ReaderPlan[] {
    if (reader.leaveAfter === undefined || !this.random.chance(0.5)) return [];
    return [{ ...reader, name: `${reader.name}+`, from: this.position(), leaveAfter: undefined, follows: reader.name }];
  }
}
