// As its documentation does it, with a client of ioredis for each direction.
import { Redis } from 'ioredis';
import { createResumableStreamContext } from 'resumable-stream/ioredis';

let context;

export async function open(port) {
  const [publisher, subscriber] = [new Redis(port, '127.0.0.1'), new Redis(port, '127.0.0.1')];
  await Promise.all([publisher.ping(), subscriber.ping()]);
  context = createResumableStreamContext({ waitUntil: () => {}, publisher, subscriber });
}

export async function produce(streamId, tokens, got) {
  await read(await context.createNewResumableStream(streamId, () => ReadableStream.from(tokens)), got);
}

export async function follow(streamId, got) {
  void read(await context.resumeExistingStream(streamId), got);
}

async function read(stream, got) {
  for await (const text of stream) got(text);
}
