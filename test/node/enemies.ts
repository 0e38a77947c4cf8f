import { once } from 'node:events';
import { connect as connectHttp2, type OutgoingHttpHeaders } from 'node:http2';
import { connect } from 'node:net';
import { WebSocket } from 'ws';
import type { Server } from 'sluice/node';
import type { RefusalReason } from 'sluice/probe';
import { gone } from '../servers/gone.js';

/** A WebSocket, and how it ended: with a close code, or the status of a handshake that was refused. */
export function socketOf(server: Pick<Server, 'url'>, options: object = {}, offered: string | string[] = 'sluice.v1') {
  const socket = new WebSocket(server.url, offered, options);
  const said: string[] = [];
  socket.on('error', () => {});
  socket.on('message', (data) => said.push(String(data)));
  const closed = new Promise<number>((resolve) => {
    socket.on('close', resolve);
    socket.on('unexpected-response', (_, { statusCode = 0 }) => resolve(statusCode));
  });
  return { socket, said, closed, open: new Promise((resolve) => socket.on('open', resolve)) };
}

/** The socket beneath a WebSocket, for frames that no client would send. */
export function wireOf(socket: WebSocket): { write(bytes: Uint8Array): void; pause(): void } {
  return (socket as unknown as { _socket: ReturnType<typeof wireOf> })._socket;
}

/** A request over HTTP/2 without TLS. Answers with its status; 0 where there was none. */
export async function overHttp2(
  server: Pick<Server, 'port'>,
  headers: OutgoingHttpHeaders,
  body?: string,
): Promise<number> {
  const session = connectHttp2(`http://127.0.0.1:${server.port}`);
  session.on('error', () => {});
  const stream = session.request(headers, { endStream: body === undefined });
  if (body !== undefined) stream.write(body);
  const answered = once(stream, 'response').then(([answer]: { ':status'?: number }[]) => answer?.[':status'] ?? 0);
  const status = await Promise.race([answered.catch(() => 0), gone(stream).then(() => 0)]);
  session.destroy();
  return status;
}

/** Writes to a server, and waits until it hangs up. Answers with the first line it says. */
export async function hungUpOn(server: Pick<Server, 'port'>, ...lines: readonly string[]): Promise<string> {
  const socket = connect(server.port, '127.0.0.1');
  let said = '';
  socket.on('data', (part) => (said += part.toString()));
  socket.write(lines.join('\r\n'));
  await gone(socket);
  return said.split('\r\n', 1)[0]!;
}

/** What `/metrics` shows, by name and labels. */
export async function shownBy(
  { url }: Pick<Server, 'url'>,
  headers: Record<string, string>,
): Promise<Map<string, number>> {
  const text = await (await fetch(`${url}/metrics`, { headers })).text();
  const lines = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  return new Map(
    lines.map((line) => {
      const at = line.lastIndexOf(' ');
      return [line.slice(0, at), Number(line.slice(at + 1))];
    }),
  );
}

/** The series that counts refusals for a reason. */
export const refusalsFor = (reason: RefusalReason): string => `sluice_refusals_total{reason="${reason}"}`;
/** The series that counts connections which ended in a way. */
export const closedAs = (name: string): string => `sluice_connections_closed_total{reason="${name}"}`;
