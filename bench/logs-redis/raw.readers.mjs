// The usual way by hand: one connection that waits for all streams with one XREAD, and asks again with all of their places.
import { Redis } from 'ioredis';
import { nameOf } from './chunks.mjs';
import { Latencies } from './latencies.mjs';

const latencies = new Latencies();

export async function open(port, streams) {
  const client = new Redis(port, '127.0.0.1');
  await client.ping();
  const names = Array.from({ length: streams }, (_, n) => nameOf(n));
  const places = new Map(names.map((name) => [name, '0-0']));
  void read(client, names, places);
}

async function read(client, names, places) {
  for (;;) {
    const reply = await client.xread('COUNT', 512, 'BLOCK', 1000, 'STREAMS', ...names, ...places.values());
    for (const [name, entries] of reply ?? []) {
      for (const [, fields] of entries) latencies.got(fields[1]);
      places.set(name, entries.at(-1)[0]);
    }
  }
}

export const count = () => latencies.count();
export const record = (begin) => latencies.record(begin);
