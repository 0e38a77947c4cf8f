import type { ChildProcess } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A server of a test's own, in a folder of its own. */
export interface TestServer {
  readonly port: number;
  readonly url: string;
  /** Its process. */
  readonly pid: () => number;
  /** Ends it without a warning, as a crash would. */
  kill(): Promise<void>;
  /** Starts it again: same port, same folder; with other settings where there are some. */
  restart(...config: string[]): Promise<void>;
  /** Ends it and removes its folder. */
  dispose(): Promise<void>;
}

/** Starts a program; resolves when it can be connected to. */
export type Launch = (folder: string, port: number, config: readonly string[]) => Promise<ChildProcess>;

/** Starts a server on a free port of this machine, in a temporary folder. `name` is also the scheme of its URL. */
export async function startServer(name: string, launch: Launch, config: readonly string[] = []): Promise<TestServer> {
  const folder = await mkdtemp(join(tmpdir(), `sluice-${name}-`));
  const port = await freePort();
  let server = await launch(folder, port, config);
  const end = async (): Promise<void> => {
    if (server.exitCode !== null || server.signalCode !== null) return;
    const ended = once(server, 'exit');
    server.kill('SIGKILL');
    await ended;
  };
  return {
    port,
    url: `${name}://127.0.0.1:${port}`,
    pid: () => server.pid!,
    kill: end,
    restart: async (...other) => {
      await end();
      server = await launch(folder, port, other.length > 0 ? other : config);
    },
    dispose: async () => {
      await end();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** Ends a server with the tests, whatever happens to them. */
export function endWithTests(server: ChildProcess): void {
  const end = (): void => void server.kill('SIGKILL');
  process.once('exit', end);
  server.once('exit', () => process.off('exit', end));
}

/**
 * A port that nobody listens on, and that nobody is given by chance while its server is down: it is below those that systems hand out
 * to whoever wants any, or connects to somebody.
 */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = randomInt(20_000, 32_000);
    const probe = createServer().listen(port, '127.0.0.1');
    try {
      await once(probe, 'listening');
    } catch {
      continue;
    }
    probe.close();
    await once(probe, 'close');
    return port;
  }
}
