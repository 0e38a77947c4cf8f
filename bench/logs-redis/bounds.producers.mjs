// What one append to Redis costs by hand through ioredis, in several ways: each but the last keeps less than the log promises.
import { createHash } from 'node:crypto';
import { Redis } from 'ioredis';
import { chunkOf, nameOf } from './chunks.mjs';

const scripts = {
  one: `return redis.call('XADD', KEYS[1], ARGV[1], 'head', ARGV[2], 'size', ARGV[3])`,
  four: `redis.call('HMGET', KEYS[2], 'next', 'first', 'size', 'status', 'p:p')
redis.call('XADD', KEYS[1], ARGV[1], 'head', ARGV[2], 'size', ARGV[3])
redis.call('HSET', KEYS[2], 'next', ARGV[1], 'size', ARGV[3], 'lastChunkAt', ARGV[3], 'p:p', ARGV[1])
redis.call('PUBLISH', KEYS[1], '')`,
};
const names = Object.fromEntries(
  Object.entries(scripts).map(([name, text]) => [name, createHash('sha1').update(text).digest('hex')]),
);
let client;
let add;
let count = 0;
let going = true;

export async function open(port, way) {
  client = new Redis(port, '127.0.0.1', { enableAutoPipelining: way === 'pipelined' });
  add = ways[way];
  for (const text of Object.values(scripts)) await client.script('LOAD', text);
}

export function begin({ producers, streams }) {
  const next = new Array(streams).fill(0);
  for (let n = 0; n < producers; n++) void produce(n % streams, next);
}

async function produce(stream, next) {
  const name = nameOf(stream);
  while (going) {
    const { head, size } = chunkOf();
    await add(name, `0-${++next[stream]}`, head, `${size}`);
    count++;
  }
}

/** Sends a command; all of a turn are written at once. */
function send(...command) {
  const { stream } = client;
  if (stream.writableCorked === 0) {
    stream.cork();
    process.nextTick(() => stream.uncork());
  }
  return client.callBuffer(...command);
}

const ways = {
  pipelined: (name, id, head, size) => client.xadd(name, '*', 'head', head, 'size', size),
  corked: (name, id, head, size) => send('XADD', name, id, 'head', head, 'size', size),
  published: (name, id, head, size) => {
    const added = send('XADD', name, id, 'head', head, 'size', size);
    void send('PUBLISH', name, '');
    return added;
  },
  one: (name, id, head, size) => send('EVALSHA', names.one, '1', name, id, head, size),
  four: (name, id, head, size) => send('EVALSHA', names.four, '2', name, `${name}:info`, id, head, size),
  // As much as all of them have to do before there is a command.
  encoded: (name, id) => (id.endsWith('00') ? new Promise(setImmediate) : undefined),
};

export const appended = () => count;

export async function end() {
  going = false;
  await new Promise((resolve) => setTimeout(resolve, 200));
  client.disconnect();
}
