// As its documentation does it; how often its readers ask Redis for more is an option.
import { createResumableStreamContext } from 'assistant-stream/resumable';
import { createIoredisResumableStreamStore } from 'assistant-stream/resumable/ioredis';
import { Redis } from 'ioredis';

let context;

export async function open(port, options) {
  const client = new Redis(port, '127.0.0.1');
  await client.ping();
  context = createResumableStreamContext({ store: createIoredisResumableStreamStore(client, options) });
}

export async function produce(streamId, tokens, got) {
  const bytes = () => ReadableStream.from(tokens).pipeThrough(new TextEncoderStream());
  await read(await context.run(streamId, bytes), got);
}

export async function follow(streamId, got) {
  void read(await context.requireResume(streamId), got);
}

async function read(stream, got) {
  for await (const text of stream.pipeThrough(new TextDecoderStream())) got(text);
}
