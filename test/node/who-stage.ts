import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterEach } from 'vitest';
import { apiKeys, createApiKey } from 'sluice/auth/api-keys';
import { type Server, serve, type ServeOptions } from 'sluice/node';

const running: Server[] = [];

afterEach(async () => {
  for (const server of running.splice(0)) await server.close();
});

const scopes: Readonly<Record<string, readonly string[] | undefined>> = {
  ann: undefined,
  bob: undefined,
  boss: ['admin'],
};
const made = Object.entries(scopes).map(([name, some]) => {
  const { key, record } = createApiKey(name, some === undefined ? {} : { scopes: some });
  return { name, key, record };
});

/** The key of each. */
export const keys = Object.fromEntries(made.map(({ name, key }) => [name, key])) as Record<
  'ann' | 'bob' | 'boss',
  string
>;
/** Knows them. */
export const authenticate = apiKeys(made.map(({ record }) => record));

/** A server that asks who comes; it ends with the test. */
export async function serveAsking(options: ServeOptions = {}): Promise<Server> {
  const server = await serve({ port: 0, authenticate, ...options });
  running.push(server);
  return server;
}

/** A server that asks nobody. */
export async function serveOpen(options: ServeOptions = {}): Promise<Server> {
  const server = await serve({ port: 0, ...options });
  running.push(server);
  return server;
}

/** Headers of somebody. */
export function as(name: keyof typeof keys): { authorization: string } {
  return { authorization: `Bearer ${keys[name]}` };
}

/** Writes lines to a server as they are, and answers with all it says. */
export async function raw(server: Pick<Server, 'port'>, ...lines: readonly string[]): Promise<string> {
  const socket = connect(server.port, '127.0.0.1');
  socket.on('error', () => {});
  socket.write(lines.join('\r\n'));
  return await text(socket);
}
