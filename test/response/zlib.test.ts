import { brotliDecompressSync, constants, gunzipSync, inflateSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { createCompressor } from 'sluice/response/zlib';

const cutOff = { gzip: constants.Z_SYNC_FLUSH, br: constants.BROTLI_OPERATION_FLUSH, deflate: constants.Z_SYNC_FLUSH };
const open = { gzip: gunzipSync, br: brotliDecompressSync, deflate: inflateSync };

describe('zlib', () => {
  it.each(['gzip', 'br', 'deflate'] as const)(
    '%s: every part can be read before the next one comes',
    async (coding) => {
      const compressor = createCompressor(coding);
      let all = Buffer.alloc(0);
      let text = '';
      for (const part of ['one ', 'two ', 'three '.repeat(100_000)]) {
        all = Buffer.concat([all, await compressor.push(Buffer.from(part))]);
        text += part;
        expect(open[coding](all, { finishFlush: cutOff[coding] }).toString() === text).toBe(true);
      }
      all = Buffer.concat([all, await compressor.end()]);
      expect(open[coding](all).toString() === text).toBe(true);
      expect(all.length).toBeLessThan(text.length / 100);
    },
  );

  it('makes a whole body of nothing', async () => {
    expect(gunzipSync(await createCompressor('gzip').end()).toString()).toBe('');
  });

  it('can be let go before its end', async () => {
    const compressor = createCompressor('br');
    await compressor.push(Buffer.from('a'));
    const end = compressor.end();
    compressor.destroy();
    compressor.destroy();
    await end;
  });
});
