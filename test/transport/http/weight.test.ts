import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { build } from 'esbuild';
import { describe, expect, it } from 'vitest';

/** What a page gets that imports these names, RxJS left out: the files of it, and its bytes as they travel. */
async function weigh(names: string): Promise<{ files: string[]; bytes: number }> {
  const { outputFiles, metafile } = await build({
    stdin: {
      contents: `export { ${names} } from 'sluice/transport/http/client';`,
      resolveDir: fileURLToPath(new URL('../../..', import.meta.url)),
    },
    conditions: ['sluice-source'],
    bundle: true,
    minify: true,
    format: 'esm',
    platform: 'browser',
    target: 'es2022',
    external: ['rxjs'],
    write: false,
    metafile: true,
  });
  const [inputs] = Object.values(metafile.outputs).map((output) => output.inputs);
  const files = Object.entries(inputs!).filter(([, { bytesInOutput }]) => bytesInOutput > 0);
  return { files: files.map(([path]) => path), bytes: gzipSync(outputFiles[0]!.contents, { level: 9 }).length };
}

describe('sluice/transport/http/client', () => {
  it('weighs little where it only reads: no schema library, and nothing that writes', async () => {
    const { files, bytes } = await weigh('readHttp, pullHttp');
    expect(files.filter((path) => /zod|http\/(?:producer|stream|send|refusal|encoding|chunks)\./.test(path))).toEqual(
      [],
    );
    expect(bytes).toBeLessThan(7000);
  });

  it('carries no schema library where it writes, and nothing that reads', async () => {
    const { files } = await weigh('httpStream, createHttpProducer');
    expect(files.filter((path) => /zod|eventsource|http\/(?:reader|reading|chunks)\./.test(path))).toEqual([]);
  });
});
