import { createChunk } from 'sluice/chunk';
import type { Server, ServeOptions } from 'sluice/node';
import { createTelemetry } from 'sluice/telemetry';
import { expect, vi } from 'vitest';
import { shownBy, socketOf } from './enemies.js';
import { as, serveAsking } from './who-stage.js';

export const waited = { timeout: 30_000 };

/** A server with every door open, and a reader of whom the enemies are to take nothing. */
async function stage(options: ServeOptions = {}) {
  const doors = {
    h2c: true,
    connect: true,
    perMessageDeflate: true,
    guesses: false as const,
    limits: { pingMs: 60_000 },
    telemetry: createTelemetry({ logger: { info: () => {}, warn: () => {}, error: () => {} } }),
  };
  const server = await serveAsking({ ...doors, ...options });
  await server.streams.create('good', { metadata: { 'sluice.owner': 'bob' } });
  await server.streams.create('json', { contentType: 'application/json', metadata: { 'sluice.owner': 'ann' } });
  const reader = socketOf(server, { headers: as('bob') });
  await reader.open;
  reader.socket.send('{"t":"subscribe","stream":"good","from":0,"chunks":99,"bytes":9999}');
  await vi.waitFor(() => expect(reader.said.join()).toContain('"subscribed"'), waited);
  return { server, reader };
}

/** One line of what enemies send. */
export interface Row {
  /** Which line of the list, and by which door. */
  readonly what: string;
  readonly options?: ServeOptions;
  /** Sends it. Answers with how it was refused. */
  readonly send: (server: Server) => Promise<string>;
  readonly refused: RegExp;
  /** Series of `/metrics`, and by how much they move: a number is exact. */
  readonly moved: Readonly<Record<string, number | 'some'>>;
}

/** Sends what a row says, and looks at how it was refused, at what was counted, and at who reads meanwhile. */
export async function check({ options, send, refused, moved }: Row): Promise<void> {
  const { server, reader } = await stage(options);
  const before = await shownBy(server, as('boss'));
  expect(await send(server)).toMatch(refused);
  await vi.waitFor(async () => {
    const after = await shownBy(server, as('boss'));
    for (const [series, by] of Object.entries(moved)) {
      const moves = (after.get(series) ?? 0) - (before.get(series) ?? 0);
      if (by === 'some') expect(moves, series).toBeGreaterThan(0);
      else expect(moves, series).toBe(by);
    }
    // Whoever was refused is nobody's burden: there is the reader, and nobody else.
    expect(after.get('sluice_connections')).toBe(1);
    expect(after.get('sluice_subscriptions')).toBe(1);
  }, waited);
  await server.streams.publish('good', [createChunk({ streamId: 'good', seq: 0, data: 'still here' })]);
  await vi.waitFor(() => expect(reader.said.join()).toContain('still here'), waited);
  reader.socket.terminate();
}

/** Opens a WebSocket as ann, does something over it, and answers with how it ended. */
export async function overSocket(
  server: Server,
  work: (ends: ReturnType<typeof socketOf>) => void | Promise<void>,
  options: object = { perMessageDeflate: false },
): Promise<string> {
  const ends = socketOf(server, { headers: as('ann'), ...options });
  await Promise.race([ends.open, ends.closed]);
  await work(ends);
  const code = await ends.closed;
  const { code: said = '' } =
    ends.said.map((text) => JSON.parse(text.split('\n').at(-1)!) as { code?: string }).at(-1) ?? {};
  return `${code} ${said}`.trim();
}
