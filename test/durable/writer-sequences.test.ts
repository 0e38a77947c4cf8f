import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createDurableStreams } from '../../src/durable/durable-streams.js';
import { encoded, lab, requestFor, text } from './lab.js';

describe('WriterSequences', () => {
  it('takes only what is higher than the last, byte by byte', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.stringMatching(/^[0-9a-zA-Z]{1,3}$/), { minLength: 1 }), async (sequences) => {
        const { put, post } = lab();
        await put('a');
        let last = '';
        for (const sequence of sequences) {
          const { status } = await post('a', 'x', { 'stream-seq': sequence });
          expect(status).toBe(sequence > last ? 204 : 409);
          if (sequence > last) last = sequence;
        }
      }),
      { numRuns: 30 },
    );
  });

  it('is known to every server on the log, whatever was appended in between', async () => {
    const { streams, put, post, content } = lab();
    const other = createDurableStreams({ streams });
    const elsewhere = (sequence: string) =>
      other.handle(requestFor('POST', 'a', { headers: { ...text, 'stream-seq': sequence }, body: sequence }));
    await put('a');
    await post('a', 'b', { 'stream-seq': 'b' });
    for (let n = 0; n < 10; n++) await post('a', '.');
    expect((await elsewhere('a')).status).toBe(409);
    expect((await elsewhere('b')).status).toBe(409);
    expect((await elsewhere('c')).status).toBe(204);
    expect((await post('a', 'c', { 'stream-seq': 'c' })).status).toBe(409);
    expect(await content('a')).toBe(`b${'.'.repeat(10)}c`);
  });

  it('keeps one of several that say the same at the same time', async () => {
    const { put, post, content } = lab();
    await put('a');
    const replies = await Promise.all(['x', 'y', 'z'].map((body) => post('a', body, { 'stream-seq': '1' })));
    expect(replies.map(({ status }) => status).toSorted()).toEqual([204, 409, 409]);
    expect(await content('a')).toHaveLength(1);
  });

  it('acknowledges what a producer has had kept, and refuses what it has not', async () => {
    const { put, post } = lab();
    await put('a');
    const headers = (seq: number, sequence: string) => ({
      'producer-id': 'p',
      'producer-epoch': '0',
      'producer-seq': `${seq}`,
      'stream-seq': sequence,
    });
    expect((await post('a', 'x', headers(0, 'b'))).status).toBe(200);
    expect((await post('a', 'x', headers(0, 'b'))).status).toBe(204);
    expect((await post('a', 'x', headers(1, 'a'))).status).toBe(409);
    expect((await post('a', 'x', headers(1, 'c'))).status).toBe(200);
    expect((await post('a', 'x', headers(9, 'd'))).headers).toMatchObject({ 'producer-expected-seq': '2' });
  });

  it('begins anew with a stream that is made anew, and takes no text for one', async () => {
    const { put, post, ask } = lab();
    await put('a', { body: '"sequence":"zzz"' });
    expect((await post('a', 'x', { 'stream-seq': 'm' })).status).toBe(204);
    await ask('DELETE', 'a');
    await put('a');
    expect((await post('a', 'x', { 'stream-seq': 'b' })).status).toBe(204);
  });

  it.each(['', 'x'.repeat(257)])('refuses the Stream-Seq "%s"', async (sequence) => {
    const { put, post } = lab();
    await put('a');
    expect((await post('a', 'x', { 'stream-seq': sequence })).status).toBe(400);
  });

  it('gives up where others are always quicker', async () => {
    const { put, post, streams, log } = lab();
    await put('a');
    const append = streams.append.bind(streams);
    streams.append = (name, batch, options) => {
      if (options?.at !== undefined) log.append(name, [encoded('quicker')]);
      return append(name, batch, options);
    };
    expect((await post('a', 'x', { 'stream-seq': 'a' })).status).toBe(503);
  });

  it('looks up again what it has forgotten', async () => {
    const { put, post, log } = lab({}, { maxStreams: 20_000 });
    await put('first');
    await post('first', 'x', { 'stream-seq': 'b' });
    for (let n = 0; n < 10_000; n++) {
      log.create(`s${n}`, { contentType: 'text/plain' });
      await post(`s${n}`, 'x', { 'stream-seq': 'a' });
    }
    expect((await post('first', 'x', { 'stream-seq': 'a' })).status).toBe(409);
    expect((await post('first', 'x', { 'stream-seq': 'c' })).status).toBe(204);
  }, 60_000);
});
