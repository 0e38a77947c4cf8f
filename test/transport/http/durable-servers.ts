import { DurableStreamTestServer } from '@durable-streams/server';

/** The reference server of the protocol, in memory, on a free port of the loopback. */
export class Official {
  private streams = 0;

  private constructor(
    private readonly server: DurableStreamTestServer,
    private readonly base: string,
  ) {}

  static async start(): Promise<Official> {
    const server = new DurableStreamTestServer({ host: '127.0.0.1', port: 0, longPollTimeout: 500 });
    return new Official(server, await server.start());
  }

  /** Address of a stream that nobody has used. */
  fresh(): string {
    return `${this.base}/v1/stream/test/${this.streams++}`;
  }

  async close(): Promise<void> {
    await this.server.stop();
  }
}
