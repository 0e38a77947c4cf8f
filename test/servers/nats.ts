import { type ChildProcess, spawn } from 'node:child_process';
import { findProgram } from '../programs.js';
import { endWithTests, startServer, type TestServer } from './server.js';

/** Where nats-server is; `undefined` where it is not, and then said aloud. */
export const natsPath = findProgram('nats-server', 'apt-get install nats-server');

/** A NATS with JetStream of a test's own. */
export type NatsServer = TestServer;

/** Starts a NATS with JetStream. */
export async function startNats(): Promise<NatsServer> {
  return startServer('nats', launch);
}

async function launch(folder: string, port: number): Promise<ChildProcess> {
  const place = ['-a', '127.0.0.1', '-p', `${port}`, '-js', '-sd', folder];
  const server = spawn(natsPath!, place, { stdio: ['ignore', 'ignore', 'pipe'] });
  endWithTests(server);
  let said = '';
  server.stderr.setEncoding('utf8').on('data', (part: string) => (said = (said + part).slice(-4000)));
  while (!said.includes('Server is ready')) {
    if (server.exitCode !== null) throw new Error(`nats-server has ended: ${said}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  return server;
}
