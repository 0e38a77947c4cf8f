import { gunzipSync } from 'node:zlib';
import { NEVER, Observable, of } from 'rxjs';
import { toResponse, type ResponseOutcome } from 'sluice/response';
import { createCompressor } from 'sluice/response/zlib';
import { describe, expect, it } from 'vitest';

describe('toResponse', () => {
  it('is a response of what its first item shows', async () => {
    const response = await toResponse(of({ a: 1 }, { b: 2 }));
    expect([response.status, response.headers.get('content-type')]).toEqual([
      200,
      'application/x-ndjson; charset=utf-8',
    ]);
    expect(await response.text()).toBe('{"a":1}\n{"b":2}\n');
  });

  it('takes nothing ahead of the reader', async () => {
    let made = 0;
    async function* source(): AsyncGenerator<string> {
      for (;;) yield `${made++}`;
    }
    const response = await toResponse(source());
    expect(made).toBe(1);
    const reader = response.body!.getReader();
    for (let n = 0; n < 5; n++) expect(Buffer.from((await reader.read()).value!).toString()).toBe(`${n}`);
    expect(made).toBeLessThanOrEqual(6);
    await reader.cancel();
  });

  it('compresses in a coding that the reader takes', async () => {
    const request = new Request('http://localhost/', { headers: { 'accept-encoding': 'gzip' } });
    const response = await toResponse(['hello'], { request, compression: true, createCompressor });
    expect(response.headers.get('content-encoding')).toBe('gzip');
    expect(gunzipSync(await response.arrayBuffer()).toString()).toBe('hello');
    const plain = await toResponse(['hello'], { request, compression: true });
    expect([plain.headers.get('content-encoding'), await plain.text()]).toEqual([null, 'hello']);
  });

  it('tells by the status what fails at once', async () => {
    const ends: ResponseOutcome[] = [];
    const source = new Observable<string>((to) => to.error(new Error('secret')));
    const response = await toResponse(source, { onEnd: (outcome) => ends.push(outcome) });
    expect(response.status).toBe(500);
    expect(await response.json()).toEqual({ code: 'internal', message: 'the source of this response failed' });
    expect(ends).toMatchObject([{ status: 'failed', items: 0 }]);
  });

  it('breaks off when the source fails later', async () => {
    async function* source(): AsyncGenerator<string> {
      yield 'a';
      throw new Error('broken');
    }
    const ends: ResponseOutcome[] = [];
    const response = await toResponse(source(), { onEnd: (outcome) => ends.push(outcome) });
    await expect(response.text()).rejects.toThrow('broken');
    expect(ends).toMatchObject([{ status: 'failed', items: 1, bytes: 1 }]);
  });

  it('lets the source go when the reader cancels, and when the request is aborted', async () => {
    let [here, gone] = [0, 0];
    const ends: ResponseOutcome[] = [];
    const source = new Observable<string>(() => {
      here++;
      return () => gone++;
    });
    const onEnd = (outcome: ResponseOutcome) => ends.push(outcome);
    const first = (await toResponse(source, { format: 'sse', onEnd })).body!.getReader();
    await first.read();
    const pending = first.read();
    await expect.poll(() => here).toBe(1);
    await first.cancel();
    expect((await pending).done).toBe(true);
    const controller = new AbortController();
    const request = { headers: new Headers(), signal: controller.signal };
    const second = (await toResponse(source, { format: 'sse', request, onEnd })).body!.getReader();
    await second.read();
    const last = second.read();
    await expect.poll(() => here).toBe(2);
    controller.abort();
    expect((await last).done).toBe(true);
    expect([gone, ends.map(({ status }) => status)]).toEqual([2, ['cancelled', 'cancelled']]);
  });

  it('asks nothing of a source when the request is over already', async () => {
    let asked = false;
    const source = new Observable<string>(() => void (asked = true));
    const request = { headers: new Headers(), signal: AbortSignal.abort() };
    expect(await (await toResponse(source, { request })).text()).toBe('');
    expect(asked).toBe(false);
  });

  it('refuses options that cannot be', async () => {
    await expect(toResponse(NEVER, { compression: 'gzip' as never })).rejects.toThrow('compression must be');
    await expect(toResponse(7 as never)).rejects.toThrow('source must be an Observable or an iterable, got a number');
  });
});
