import { Redis } from 'ioredis';
import { createChunk } from '../dist/src/chunk/index.js';
import { createRedisLog } from '../dist/src/log/redis.js';
import { createStreams } from '../dist/src/streams/index.js';

let streams;

export async function open(port) {
  const log = createRedisLog(new Redis(port, '127.0.0.1', { lazyConnect: true }));
  streams = createStreams({ log });
  await log.list('none');
}

/** Keeps a stream of text, and hands every piece of it to `got`, as who has asked for it reads it. */
export async function produce(streamId, tokens, got) {
  await streams.create(streamId);
  streams.receive(streamId).subscribe(({ data }) => got(data));
  let seq = 0;
  for await (const data of tokens) void streams.publish(streamId, [createChunk({ streamId, seq: seq++, data })]);
}

/** Follows a stream that is under way. */
export async function follow(streamId, got) {
  streams.receive(streamId).subscribe(({ data }) => got(data));
}
