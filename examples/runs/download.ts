// Downloads files at the same time, each with its progress; what the network breaks is begun again.
// node examples/runs/download.ts FOLDER URL...
import { createWriteStream } from 'node:fs';
import { basename, join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createProgress, type ProgressItem } from 'sluice/run';

const [folder = '.', ...urls] = process.argv.slice(2);

async function download(url: string, item: ProgressItem): Promise<void> {
  const response = await fetch(url, { signal: item.signal });
  if (!response.ok || response.body === null) throw new Error(`${url} answers ${response.status}`);
  // Anew at each attempt.
  item.set(0, Number(response.headers.get('content-length') ?? 0) || undefined);
  const counted = async function* (parts: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    for await (const part of parts) {
      item.advance(part.byteLength);
      yield part;
    }
  };
  const file = createWriteStream(join(folder, basename(new URL(url).pathname)));
  await pipeline(Readable.fromWeb(response.body as never), counted, file, { signal: item.signal });
}

await using progress = createProgress();
progress.snapshots.subscribe(({ percent, items }) => {
  if (!process.stdout.isTTY)
    return console.log(JSON.stringify({ percent, items: items.map(({ items: parts }) => parts) }));
  const full = Math.round(percent / 4);
  const left = items[0]?.leftMs === undefined ? '' : `${Math.ceil(items[0].leftMs / 1000)} s left`;
  process.stdout.write(`\r${'█'.repeat(full)}${'░'.repeat(25 - full)} ${percent.toFixed(0)} %  ${left} \u001b[K`);
});

const all = progress.item('all');
process.once('SIGINT', () => all.cancel('interrupted'));
const works = urls.map(async (url) => {
  await all.item(basename(url)).run((item) => download(url, item), { attempts: 4, delayMs: 100 });
});
const failed = (await Promise.allSettled(works)).filter(({ status }) => status === 'rejected');
if (failed.length === 0) all.complete();
else all.fail(new Error(`${failed.length} of ${urls.length} have failed`));
console.log(`\n${all.status}: ${urls.length - failed.length} of ${urls.length} files`);
process.exitCode = failed.length === 0 ? 0 : 1;
