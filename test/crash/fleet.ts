import { runNode, type Running } from '../run.js';
import { type CutLink, cutLink } from '../servers/cut-link.js';
import { freePort, type TestServer } from '../servers/server.js';
import { type Bundled, bundled } from './bundled.js';

/** How long a gateway may take to leave when it is asked to, as it is told; and until it is gone, on a machine with much to do. */
const drainMs = 3000;
const goneMs = 20_000;

interface Post {
  readonly port: number;
  readonly way: CutLink;
  gateway: Running | undefined;
}

/** Gateways over one store, each a process of its own, with an address that stays and a way to the store that can be parted. */
export class Fleet {
  private readonly posts: Post[] = [];

  private constructor(
    private readonly store: TestServer,
    private readonly program: Bundled,
  ) {}

  static async start(store: TestServer, count: number): Promise<Fleet> {
    const fleet = new Fleet(store, await bundled());
    for (let i = 0; i < count; i++) {
      fleet.posts.push({ port: await freePort(), way: await cutLink(store.port), gateway: undefined });
    }
    await Promise.all(fleet.posts.map(async (_, i) => await fleet.revive(i)));
    return fleet;
  }

  get urls(): string[] {
    return this.posts.map(({ port }) => `http://127.0.0.1:${port}`);
  }

  /** Starts a gateway, or starts it again. */
  async revive(i: number): Promise<void> {
    const post = this.posts[i]!;
    const log = this.store.url.replace(/\d+$/, `${post.way.port}`);
    const flags = ['--port', `${post.port}`, '--log', log, '--log-patience-ms', '1000', '--drain-ms', `${drainMs}`];
    post.gateway = runNode([this.program.main, 'serve', ...flags]);
    await post.gateway.says(/^listening on/);
  }

  /** Ends a gateway without warning. */
  async kill(i: number): Promise<undefined> {
    const { gateway } = this.posts[i]!;
    gateway!.process.kill('SIGKILL');
    await gateway!.ended;
    return undefined;
  }

  /** Asks a gateway to go. Answers what is wrong with how it went, if anything is. */
  async drain(i: number): Promise<string | undefined> {
    const { gateway } = this.posts[i]!;
    const timer = setTimeout(() => gateway!.process.kill('SIGKILL'), drainMs + goneMs);
    gateway!.process.kill('SIGTERM');
    const { code, stderr } = await gateway!.ended;
    clearTimeout(timer);
    return code === 0 && stderr === '' ? undefined : `gateway ${i} was drained and ended with ${code}: ${stderr}`;
  }

  /** Parts a gateway from the store. */
  part(i: number): void {
    this.posts[i]!.way.part();
  }

  mend(i: number): void {
    this.posts[i]!.way.mend();
  }

  async dispose(): Promise<void> {
    for (const { gateway } of this.posts) gateway?.process.kill('SIGKILL');
    for (const { gateway, way } of this.posts) {
      await gateway?.ended;
      await way.dispose();
    }
    this.program.dispose();
  }
}
