import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { connect, createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findProgram } from '../programs.js';

/** Where redis-server is; `undefined` where it is not, and then said aloud. */
export const redisPath = findProgram('redis-server', 'apt-get install redis-server');

/** A Redis of a test's own. */
export interface RedisServer {
  readonly port: number;
  readonly url: string;
  /** Its process. */
  readonly pid: () => number;
  /** Ends it without a warning, as a crash would. */
  kill(): Promise<void>;
  /** Starts it again: same port, same folder. */
  restart(...config: string[]): Promise<void>;
  /** Ends it and removes its folder. */
  dispose(): Promise<void>;
}

/** Starts a Redis on a free port of this machine, in a temporary folder; what it keeps is on disk when it answers. */
export async function startRedis(...config: string[]): Promise<RedisServer> {
  const folder = await mkdtemp(join(tmpdir(), 'sluice-redis-'));
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
    url: `redis://127.0.0.1:${port}`,
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

async function launch(folder: string, port: number, config: readonly string[]): Promise<ChildProcess> {
  const durable = ['--appendonly', 'yes', '--appendfsync', 'always', '--save', ''];
  const place = ['--port', `${port}`, '--bind', '127.0.0.1', '--dir', folder];
  const server = spawn(redisPath!, [...place, ...durable, ...config], { stdio: ['ignore', 'pipe', 'inherit'] });
  // It ends with the tests, whatever happens to them.
  const endIt = (): void => void server.kill('SIGKILL');
  process.once('exit', endIt);
  server.once('exit', () => process.off('exit', endIt));
  let said = '';
  server.stdout.setEncoding('utf8').on('data', (part: string) => (said = (said + part).slice(-4000)));
  while (!(await listens(port))) {
    if (server.exitCode !== null) throw new Error(`redis-server has ended: ${said}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  return server;
}

/** A port that nobody listens on. */
export async function freePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const { port } = probe.address() as AddressInfo;
  probe.close();
  await once(probe, 'close');
  return port;
}

async function listens(port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1');
  try {
    await once(socket, 'connect');
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}
