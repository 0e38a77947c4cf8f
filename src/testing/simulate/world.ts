import { Subscription } from 'rxjs';
import type { Client, ClientOptions } from '../../client/index.js';
import type { Gateway, GatewayOptions } from '../../gateway/index.js';
import { createMemoryLog } from '../../log/memory.js';
import { BadFrame, closeCodes, type ServerFrame } from '../../protocol/index.js';
import { createMemoryTransport, type MemoryTransport } from '../../transport/memory.js';
import { CreditLedger } from './credit-ledger.js';
import { deadlineOf } from './deadline.js';
import type { Finding } from './finding.js';
import { FlightLedger } from './flight-ledger.js';
import { HoldLedger } from './hold-ledger.js';
import { Random } from './random.js';
import { Reader } from './reader.js';
import type { ClientPlan, Mishap, Scenario } from './scenario.js';
import { Server } from './server.js';
import { Truth } from './truth.js';
import { VirtualTime } from './virtual-time.js';
import { Wire } from './wire.js';
import { Writer } from './writer.js';

/** @internal What makes the machines under trial. */
export interface Makers {
  readonly createClient: (options: ClientOptions) => Client;
  readonly createGateway: (options: GatewayOptions) => Gateway;
}

/** Everything a healthy run schedules, many times over. */
const maxActions = 200_000;
/** Findings after which a run is given up: the first ones tell the story. */
const maxFindings = 20;
/** How often a stream is cancelled again, or ended by the server when nobody writes it any more. */
const insistMs = 250;

interface Node {
  readonly plan: ClientPlan;
  readonly client: Client;
  readonly network: MemoryTransport;
  readonly holds: HoldLedger;
  readonly flights: FlightLedger;
}

/**
 * A scenario come alive: log, server, links, clients, writers and readers under virtual time, and those who watch them.
 *
 * @internal
 */
export class World {
  readonly time = new VirtualTime(maxActions);
  readonly findings: Finding[] = [];
  readonly truth: Truth;
  readonly wire: Wire;
  readonly writers: readonly Writer[];
  readonly readers: readonly Reader[];
  private readonly server: Server;
  private readonly nodes: readonly Node[];
  private readonly random: Random;
  /** What the scenario does at its times. */
  private readonly plans = new Subscription();
  /** Calls of `publish` not made or not answered, and readers that have not ended. */
  private open = 0;

  constructor(
    readonly scenario: Scenario,
    private readonly makers: Makers,
  ) {
    const { time, tell } = this;
    const now = (): number => time.now();
    // A fork: these are to be other numbers than those the scenario was drawn with.
    this.random = new Random(scenario.seed).fork();
    this.truth = new Truth(createMemoryLog({ now }), now, tell);
    for (const { name } of scenario.streams) this.truth.create(name);
    const credit = new CreditLedger((client, finding) =>
      tell({ at: now(), ...finding, ...this.readerOf(client, finding.stream) }),
    );
    this.wire = new Wire(now, {
      clientHears: (client, frames) => this.clientHears(client, frames),
      clientSays: (client, frames) => this.nodes[client]!.flights.says(frames),
      clientLoses: (client, askedAt, code, reason) => this.clientLoses(client, askedAt, code, reason),
      serverHears: (_, link, frames) => credit.hears(link, frames),
      serverSays: (client, link, frames) => credit.says(client, link, frames),
    });
    this.server = new Server(scenario.server, makers.createGateway, this.truth, time);
    this.server.start();
    this.nodes = scenario.clients.map((plan, n) => this.node(plan, n));
    this.writers = scenario.writers.map((plan) => this.writer(plan.name));
    this.readers = scenario.readers.map((plan) => this.reader(plan.name));
  }

  readonly tell = (finding: Finding): void => {
    if (this.findings.length < maxFindings) this.findings.push(finding);
  };

  private node(plan: ClientPlan, n: number): Node {
    const { time, wire, random, scenario } = this;
    const rough = (): boolean => time.now() < scenario.calmMs;
    const network = createMemoryTransport(wire.server(n, this.server), {
      faults: {
        toServer: wire.faults(plan.toServer, random.fork(), rough),
        toClient: wire.faults(plan.toClient, random.fork(), rough),
      },
      random: random.fork().next,
      highWaterMark: plan.highWaterMark,
      scheduler: time,
    });
    const client = this.makers.createClient({
      transport: wire.client(n, network),
      producer: plan.name,
      gapMs: plan.gapMs,
      pingMs: plan.pingMs,
      retryMs: plan.retryMs,
      connectMs: plan.connectMs,
      backoff: { ...plan.backoff, random: random.fork().next },
      defer: time.defer,
      scheduler: time,
    });
    const now = (): number => time.now();
    const flights = new FlightLedger(plan.name, scenario.server.window.chunks, now, this.tell);
    return { plan, client, network, holds: new HoldLedger(now, this.tell), flights };
  }

  /** Names a reader that a client has for a stream. */
  private readerOf(client: number, stream: string): { reader?: string } {
    const plan = this.scenario.readers.find((one) => one.client === client && this.streamName(one.stream) === stream);
    return plan === undefined ? {} : { reader: plan.name };
  }

  private streamName(stream: number): string {
    return this.scenario.streams[stream]!.name;
  }

  /** The plan of the one reader a client has for a stream; `undefined` when it has several. */
  private onlyReader(client: number, stream: string) {
    const plans = this.scenario.readers.filter(
      (plan) => plan.client === client && this.streamName(plan.stream) === stream,
    );
    return plans.length === 1 ? plans[0] : undefined;
  }

  private writer(name: string): Writer {
    const plan = this.scenario.writers.find((one) => one.name === name)!;
    const stream = this.truth.of(this.streamName(plan.stream));
    const { client } = this.nodes[plan.client]!;
    this.open += plan.batches.length;
    return new Writer(plan, stream, client, this.time, this.truth, this.tell, () => this.open--);
  }

  private reader(name: string): Reader {
    const plan = this.scenario.readers.find((one) => one.name === name)!;
    const stream = this.truth.of(this.streamName(plan.stream));
    const { client, holds } = this.nodes[plan.client]!;
    this.open++;
    return new Reader(plan, stream, client, this.time, this.random.fork(), this.tell, {
      took: (next) => holds.consumed(stream.name, next),
      ended: () => {
        this.open--;
        holds.ends(stream.name);
        const follower = this.readers.find(({ plan: { follows } }) => follows === name);
        if (follower !== undefined) this.begin(follower);
      },
    });
  }

  private begin(reader: Reader): void {
    const { plan } = reader;
    const stream = this.streamName(plan.stream);
    if (this.onlyReader(plan.client, stream) === plan) {
      this.nodes[plan.client]!.holds.begins(stream, plan.name, plan.window.chunks);
    }
    reader.begin();
  }

  private clientHears(n: number, frames: readonly (ServerFrame | BadFrame)[]): void {
    const { holds, flights } = this.nodes[n]!;
    holds.hears(frames);
    flights.hears(frames);
    for (const frame of frames) {
      if (frame instanceof BadFrame || frame.t !== 'subscribed') continue;
      const plan = this.onlyReader(n, frame.stream);
      if (plan !== undefined) this.readers.find((reader) => reader.plan === plan)!.startsAt(frame.seq);
    }
  }

  /** Once it is calm nobody has a reason to give up a link, if pings go there and back often enough. */
  private clientLoses(n: number, askedAt: number, code: number, reason: string): void {
    const { scenario, nodes, time } = this;
    const { name, pingMs, toServer, toClient } = nodes[n]!.plan;
    const trip = toServer.delayMs[1] + toClient.delayMs[1];
    const steady = Math.min(pingMs, scenario.server.pingMs) > 2 * trip;
    if (!steady || askedAt <= scenario.calmMs || code === closeCodes.normal) return;
    this.tell({ at: time.now(), what: `${name} lost a link that was whole: ${code} ${reason}`.trimEnd() });
  }

  figures(): { chunks: number; messages: number; virtualMs: number } {
    const { scenario, truth, wire, time } = this;
    return {
      chunks: scenario.streams.reduce((sum, { name }) => sum + truth.of(name).chunks.length, 0),
      messages: wire.events.filter(({ kind }) => kind === 'sent').length,
      virtualMs: time.now(),
    };
  }

  /** Runs the scenario, to its end or until it can be seen that there is none. */
  async run(): Promise<void> {
    try {
      this.arrange();
      await this.time.run(deadlineOf(this.scenario, insistMs), () => this.look());
      this.plans.unsubscribe();
      this.judgeEndings();
      if (this.findings.length === 0) await this.goHome();
    } catch (error) {
      const { stack } = error instanceof Error ? error : {};
      const what = `a defect was thrown: ${String(error)}`;
      this.tell({ at: this.time.now(), what, ...(stack === undefined ? {} : { stack }) });
    }
  }

  /** After every instant. Answers whether there is nothing left to wait for. */
  private look(): boolean {
    for (const { holds } of this.nodes) holds.inspect();
    return this.open === 0 || this.findings.length === maxFindings;
  }

  private at(time: number, work: () => void): void {
    this.plans.add(this.time.at(time, work));
  }

  private arrange(): void {
    const { scenario, truth } = this;
    for (const { atMs, downMs, abrupt, goodbyeMs } of scenario.server.restarts) {
      this.at(atMs, () => this.stopServer(abrupt, goodbyeMs));
      this.at(atMs + downMs, () => this.startServer());
    }
    for (const { name, trims, cancel } of scenario.streams) {
      for (const { atMs, keep } of trims) this.at(atMs, () => truth.trim(name, keep));
      if (cancel !== undefined) this.insist(cancel.atMs, name, () => this.nodes[cancel.client]!.client.cancel(name));
      this.insist(scenario.calmMs + insistMs, name, () => this.endUnwritten(name));
    }
    for (const { plan, network } of this.nodes) {
      for (const mishap of plan.mishaps) this.at(mishap.atMs, () => this.befall(network, mishap));
    }
    for (const writer of this.writers) {
      for (const [index, { atMs }] of writer.plan.batches.entries()) this.at(atMs, () => writer.publish(index));
    }
    for (const reader of this.readers) {
      if (reader.plan.follows === undefined) this.at(reader.plan.atMs, () => this.begin(reader));
    }
  }

  private stopServer(abrupt: boolean, goodbyeMs: number | undefined): void {
    for (const { network } of this.nodes) {
      network.reachable = false;
      if (abrupt) network.cut();
    }
    if (goodbyeMs === undefined) this.server.stop();
    else this.server.leave(goodbyeMs);
  }

  private startServer(): void {
    if (this.server.up) return;
    this.server.start();
    for (const { network } of this.nodes) network.reachable = true;
  }

  private befall(network: MemoryTransport, mishap: Mishap): void {
    if (mishap.kind === 'cut') return network.cut();
    if (mishap.kind === 'swallow') return network.swallow(mishap.direction);
    network.stall(mishap.direction);
    // Not one of the plans: what is held must not be held for ever when the run is over sooner.
    this.time.schedule(() => network.resume(mishap.direction), mishap.forMs);
    return undefined;
  }

  /** Does something again and again until the stream has ended. */
  private insist(from: number, stream: string, work: () => void): void {
    this.at(from, () => {
      if (this.truth.of(stream).end !== undefined) return;
      work();
      this.insist(this.time.now() + insistMs, stream, work);
    });
  }

  /** Ends a stream whose writers have all been answered and have not ended it: they had been fenced, say. */
  private endUnwritten(name: string): void {
    const idle = this.writers
      .filter(({ plan }) => this.streamName(plan.stream) === name)
      .every(({ plan, calls }) => calls.length === plan.batches.length && calls.every(({ answer }) => answer));
    if (idle) this.server.cancel(name);
  }

  private judgeEndings(): void {
    const at = this.time.now();
    if (this.time.exhausted) this.tell({ at, what: `something schedules without end: ${maxActions} times so far` });
    for (const { plan, calls } of this.writers) {
      const stream = this.streamName(plan.stream);
      const open = calls.find(({ answer }) => answer === undefined);
      if (open === undefined) continue;
      this.tell({ at, what: `${plan.name} waits for an answer since ${Math.round(open.at)} ms`, stream });
    }
    for (const { plan, next, begunAt, ending } of this.readers) {
      if (ending !== undefined || begunAt === undefined) continue;
      const stream = this.streamName(plan.stream);
      const about = { at, stream, reader: plan.name, ...(next === undefined ? {} : { seq: next }) };
      this.tell({
        ...about,
        what: `${plan.name} hangs: it waits for ${next === undefined ? 'its beginning' : `chunk ${next}`}`,
      });
    }
  }

  /** Closes the clients, and sees to it that nothing of them is left anywhere. */
  private async goHome(): Promise<void> {
    const { time, nodes, scenario } = this;
    // Dead links are noticed by the server alone, and only once it has not heard from them for long enough.
    this.startServer();
    for (const { client } of nodes) client.close();
    const slowest = Math.max(...nodes.map(({ plan }) => plan.toServer.delayMs[1] + plan.toClient.delayMs[1]));
    await time.run(time.now() + scenario.server.pingMs * 4 + slowest * 4 + 1000);
    const at = time.now();
    if (this.server.connections > 0) this.tell({ at, what: `the server keeps ${this.server.connections} connections` });
    if (time.timers > 0) this.tell({ at, what: `${time.timers} timers run on after the end` });
    this.server.stop();
    if (this.truth.watchers > 0) this.tell({ at, what: `the log keeps ${this.truth.watchers} listeners` });
  }
}
