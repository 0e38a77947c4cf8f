import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findProgram } from '../programs.js';

/** Where nats-server is; `undefined` where it is not, and then said aloud. */
export const natsPath = findProgram('nats-server', 'apt-get install nats-server');

/** A NATS with JetStream of a test's own. */
export interface NatsServer {
  readonly port: number;
  readonly url: string;
  /** Its process. */
  readonly pid: () => number;
  /** Ends it without a warning, as a crash would. */
  kill(): Promise<void>;
  /** Starts it again: same port, same folder. */
  restart(): Promise<void>;
  /** Ends it and removes its folder. */
  dispose(): Promise<void>;
}

/** Starts a NATS on a free port of this machine, in a temporary folder. */
export async function startNats(): Promise<NatsServer> {
  const folder = await mkdtemp(join(tmpdir(), 'sluice-nats-'));
  const port = await freePort();
  let server = await launch(folder, port);
  const end = async (): Promise<void> => {
    if (server.exitCode !== null || server.signalCode !== null) return;
    const ended = once(server, 'exit');
    server.kill('SIGKILL');
    await ended;
  };
  return {
    port,
    url: `nats://127.0.0.1:${port}`,
    pid: () => server.pid!,
    kill: end,
    restart: async () => {
      await end();
      server = await launch(folder, port);
    },
    dispose: async () => {
      await end();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

async function launch(folder: string, port: number): Promise<ChildProcess> {
  const place = ['-a', '127.0.0.1', '-p', `${port}`, '-js', '-sd', folder];
  const server = spawn(natsPath!, place, { stdio: ['ignore', 'ignore', 'pipe'] });
  // It ends with the tests, whatever happens to them.
  const endIt = (): void => void server.kill('SIGKILL');
  process.once('exit', endIt);
  server.once('exit', () => process.off('exit', endIt));
  let said = '';
  server.stderr.setEncoding('utf8').on('data', (part: string) => (said = (said + part).slice(-4000)));
  while (!said.includes('Server is ready')) {
    if (server.exitCode !== null) throw new Error(`nats-server has ended: ${said}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  return server;
}

async function freePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const { port } = probe.address() as AddressInfo;
  probe.close();
  await once(probe, 'close');
  return port;
}
