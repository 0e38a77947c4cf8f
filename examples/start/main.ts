// npm start [-- FILE | -]: a gateway that streams a book word by word through a pipeline, live on the page at /.
import { setTimeout as sleep } from 'node:timers/promises';
import { measure, stamp } from 'sluice/operators';
import { serve } from 'sluice/node';
import type { ProbeEvent } from 'sluice/probe';
import { fromPull } from 'sluice/source/iterable';
import { publishTo } from 'sluice/streams';
import { openBook, words } from './book.js';

const wordsPerSecond = Number(process.env['WORDS_PER_SECOND'] ?? 200);
const book = openBook(process.argv[2]);
const server = await serve({ port: Number(process.env['PORT'] ?? 4437) });

process.stdout.write(`
  ${server.url} streams ${book.streamId} word by word. Look at it in a browser, or try:

  a reader written with ws   node examples/start/plain-reader.mjs ${server.url} ${book.streamId}
  a reader that has curl     curl -N ${server.url}/streams/${book.streamId}
  the command line           npx sluice tail ${book.streamId} --server ${server.url}

`);

const pipeline = fromPull(paced(words(book.text()))).pipe(
  stamp({ streamId: book.streamId }),
  measure({ everyMs: 1000, probe: show }),
  publishTo(server.streams, book.streamId),
);
const running = pipeline.subscribe({
  error: stop,
  complete: () => process.stdout.write('\n  The book has ended; the page still shows it. Ctrl-C stops.\n'),
});

process.once('SIGINT', () => stop());
process.once('SIGTERM', () => stop());

/** Lets the words go by at reading speed: the generator waits, so nothing piles up behind it. */
async function* paced(source: AsyncIterable<string>): AsyncGenerator<string> {
  const start = performance.now();
  let count = 0;
  for await (const word of source) {
    const ahead = (++count * 1000) / wordsPerSecond - (performance.now() - start);
    if (ahead > 1) await sleep(ahead);
    yield word;
  }
}

function show(event: ProbeEvent): void {
  if (event.type !== 'measure' || !process.stdout.isTTY) return;
  process.stdout.write(
    `\r  ${event.chunks.toLocaleString('en')} words, ${Math.round(event.chunksPerSecond)} a second `,
  );
}

function stop(error?: unknown): void {
  running.unsubscribe();
  if (error !== undefined) {
    process.stderr.write(`\n  ${error instanceof Error ? error.message : String(error)}\n`);
    process.exitCode = 1;
  }
  void server.close();
}
