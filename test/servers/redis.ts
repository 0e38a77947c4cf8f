import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect } from 'node:net';
import { findProgram } from '../programs.js';
import { endWithTests, startServer, type TestServer } from './server.js';

export { freePort } from './server.js';

/** Where redis-server is; `undefined` where it is not, and then said aloud. */
export const redisPath = findProgram('redis-server', 'apt-get install redis-server');

/** A Redis of a test's own. */
export type RedisServer = TestServer;

/** Starts a Redis; what it keeps is on disk when it answers. */
export async function startRedis(...config: string[]): Promise<RedisServer> {
  return startServer('redis', launch, config);
}

async function launch(folder: string, port: number, config: readonly string[]): Promise<ChildProcess> {
  const durable = ['--appendonly', 'yes', '--appendfsync', 'always', '--save', ''];
  const place = ['--port', `${port}`, '--bind', '127.0.0.1', '--dir', folder];
  const server = spawn(redisPath!, [...place, ...durable, ...config], { stdio: ['ignore', 'pipe', 'inherit'] });
  endWithTests(server);
  let said = '';
  server.stdout.setEncoding('utf8').on('data', (part: string) => (said = (said + part).slice(-4000)));
  while (!(await listens(port))) {
    if (server.exitCode !== null) throw new Error(`redis-server has ended: ${said}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  return server;
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
