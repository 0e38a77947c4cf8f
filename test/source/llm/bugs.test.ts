// Mistakes that others have made with such streams, each by its number in the notes this was built from, so that none of them is
// made here. 24 is about what is written for a page, and tested where that is done.
import { readFileSync } from 'node:fs';
import { filter, firstValueFrom, ReplaySubject, Subject } from 'rxjs';
import { afterEach, describe, expect, it } from 'vitest';
import { writeEvent } from '../../../src/format/event-stream.js';
import { toResponse } from '../../../src/response/index.js';
import { createCompressor } from '../../../src/response/zlib.js';
import type { LlmEvent, LlmFormat } from '../../../src/source/llm/llm.js';
import { fromOpenAiChat } from '../../../src/source/llm/openai-chat.js';
import { dataFile } from '../../data.js';
import { bySdk, endless, named, type Provider, type ProviderOptions, startProvider } from './provider.js';
import { all, eventsOf, formats, readers, saidIn, slices, sse } from './reading.js';

let provider: Provider | undefined;

async function serve(pieces: () => Iterable<string | Uint8Array>, options?: ProviderOptions): Promise<Provider> {
  provider = await startProvider(pieces, options);
  return provider;
}

afterEach(async () => {
  await provider?.close();
  provider = undefined;
});

const chunk = (content: string): object => ({ id: 'x', choices: [{ index: 0, delta: { content } }] });
const stop = { choices: [{ index: 0, delta: {}, finish_reason: 'stop' }] };
const whole = sse(chunk('Hel'), chunk('lo'), stop, '[DONE]');

const read = (text: string): Promise<readonly LlmEvent[]> => eventsOf('openai-chat', [text]);
const recorded = (name: string): Buffer | undefined => {
  const path = dataFile(`llm/${name}`);
  return path === undefined ? undefined : readFileSync(path);
};

describe('mistakes of others', () => {
  it('1: characters cut in two become U+FFFD', async () => {
    const bytes = new TextEncoder().encode(sse(chunk('秋风 👩‍🚀 é'), stop, '[DONE]'));
    const { text } = saidIn(
      await eventsOf(
        'openai-chat',
        slices(bytes, () => 1),
      ),
    );
    expect(text).toEqual(['秋风 👩‍🚀 é']);
  });

  it('2: CR LF between two pieces ends two lines', async () => {
    for (const end of ['\r\n', '\r']) {
      const bytes = new TextEncoder().encode(whole.replaceAll('\n', end));
      for (let at = 1; at < bytes.length; at++) {
        const pieces = [bytes.subarray(0, at), bytes.subarray(at)];
        expect(saidIn(await eventsOf('openai-chat', pieces)).text).toEqual(['Hello']);
      }
    }
  });

  it('3: comments break the reader', async () => {
    const text = `: OPENROUTER PROCESSING\n\n${whole.replaceAll('\n\n', '\n\n: OPENROUTER PROCESSING\n\n')}`;
    expect(await read(text)).toEqual(await read(whole));
    expect(await read(whole.replaceAll('data:', ': ping\ndata:'))).toEqual(await read(whole));
  });

  it('4: comments sent as data break the reader, and empty events are events', async () => {
    const odd = ['data: : keepalive\n\n', ': x\n\n', 'data:\n\n', 'event: ping\n\n', '\n\n'];
    for (const frame of odd) expect(await read(whole.replaceAll('\n\n', `\n\n${frame}`))).toEqual(await read(whole));
  });

  it('5: a heartbeat is written into an event that is half written', async () => {
    let release = (): void => {};
    async function* slow(): AsyncGenerator<object> {
      for (const item of [chunk('Hel'), chunk('lo'), stop]) {
        await new Promise<void>((resolve) => (release = resolve));
        yield item;
      }
    }
    const response = await toResponse(slow(), { format: 'sse', heartbeatMs: 1 });
    const reader = response.body!.getReader();
    let text = '';
    while (!text.includes('finish_reason')) {
      const { value } = await reader.read();
      const written = new TextDecoder().decode(value);
      // Whole events and whole comments, whatever waits between the two.
      expect(written.endsWith('\n\n')).toBe(true);
      text += written;
      if (written.startsWith(':')) release();
    }
    await reader.cancel();
    expect(text).toContain('\n\n:');
    expect(saidIn(await read(`${text}${sse('[DONE]')}`)).text).toEqual(['Hello']);
  });

  it('6: U+2028, U+2029 and U+0085 end a line', async () => {
    const odd = 'a\u2028b\u2029c\u0085d\u000be\u000cf';
    expect(saidIn(await read(sse(chunk(odd), stop, '[DONE]'))).text).toEqual([odd]);
    const strings = dataFile('text/naughty-strings.txt');
    const texts =
      strings === undefined
        ? [odd]
        : readFileSync(strings, 'utf8')
            .split('\n')
            .filter((line) => line !== '');
    const written = [...texts.map(chunk), stop].map((item) => writeEvent({ data: JSON.stringify(item) })).join('');
    const bytes = new TextEncoder().encode(written + writeEvent({ data: '[DONE]' }));
    expect(
      saidIn(
        await eventsOf(
          'openai-chat',
          slices(bytes, () => 7),
        ),
      ).text,
    ).toEqual([texts.join('')]);
  });

  it('7: an end in good order is taken for success', async () => {
    const events = whole.split(/(?<=\n\n)/);
    for (let kept = 0; kept < events.length; kept++) {
      const [end] = (await read(events.slice(0, kept).join(''))).slice(-1);
      expect({ kept, end }).toMatchObject({ kept, end: { type: 'error', trouble: 'truncated', retryable: true } });
    }
  });

  it('8: nothing ends where the connection stays open behind the mark', async () => {
    const { url, closed } = await serve(() => [whole], { after: 'stay' });
    const events = await eventsOf('openai-chat', (signal: AbortSignal) => fetch(url, { signal }));
    expect(events.at(-1)).toMatchObject({ type: 'finish' });
    expect(await closed).toBe(1);
  });

  it('9: an error in the middle is swallowed, or tried again when it is too late', async () => {
    const error = { error: { message: 'Overloaded', type: 'overloaded_error' } };
    const failed = new Promise<{ retryable: boolean; started: boolean }>((resolve) => {
      fromOpenAiChat([sse(chunk('Hel'), error)]).subscribe({ error: resolve });
    });
    expect(await failed).toMatchObject({ trouble: 'provider', message: 'Overloaded', retryable: true, started: true });
    const early = new Promise((resolve) => {
      fromOpenAiChat([sse(error)]).subscribe({ error: resolve });
    });
    expect(await early).toMatchObject({ retryable: true, started: false });
  });

  it('10: an error line is skipped, and 200 with an error is a success', async () => {
    const line = `${sse(chunk('Hel'))}error: {"code":500,"message":"out of memory","type":"server_error"}\n\n`;
    const end = { type: 'error', trouble: 'provider', message: 'out of memory', status: 500, retryable: true };
    expect((await read(line)).at(-1)).toMatchObject(end);
    const body = JSON.stringify({ error: { code: 500, message: 'out of memory', type: 'server_error' } });
    expect(
      await eventsOf('openai-chat', new Response(body, { headers: { 'content-type': 'application/json' } })),
    ).toMatchObject([end]);
    const plain = 'event: error\ndata: upstream went away\n\n';
    expect((await read(plain)).at(-1)).toMatchObject({ trouble: 'provider', message: 'upstream went away' });
  });

  it('11: no choices, and no delta, are a defect', async () => {
    const odd = [
      { choices: [], prompt_filter_results: [] },
      { choices: [{ index: 0, delta: null }] },
      { choices: [{ index: 0 }] },
      { choices: [], usage: null },
    ];
    const text = sse(...odd, chunk('Hello'), ...odd, stop, ...odd, '[DONE]');
    expect(saidIn(await read(text))).toMatchObject({ text: ['Hello'], end: { type: 'finish' } });
  });

  it('12: two calls at the same time become one', async () => {
    const call = (index: number | undefined, id: string, name: string): object => ({
      choices: [{ index: 0, delta: { tool_calls: [{ index, id, function: { name, arguments: `{"of":"${id}"}` } }] } }],
    });
    for (const index of [0, undefined]) {
      const { tools } = saidIn(await read(sse(call(index, 'a', 'x'), call(index, 'b', 'x'), stop, '[DONE]')));
      expect(tools.map(({ args }) => args)).toEqual(['{"of":"a"}', '{"of":"b"}']);
    }
  });

  it('13: half an input is repaired, and run', async () => {
    const half = { tool_calls: [{ index: 0, id: 'a', function: { name: 'delete', arguments: '{"path":"books/m' } }] };
    const text = sse(
      { choices: [{ index: 0, delta: half }] },
      { choices: [{ index: 0, delta: {}, finish_reason: 'length' }] },
      '[DONE]',
    );
    const events = await read(text);
    expect(events.filter(({ type }) => type === 'tool-call')).toEqual([]);
    expect(events).toContainEqual(expect.objectContaining({ type: 'tool-input-error', inputText: '{"path":"books/m' }));
    const cut = await read(sse({ choices: [{ index: 0, delta: half }] }));
    expect(cut.map(({ type }) => type)).toEqual(['start', 'tool-input-start', 'tool-input-delta', 'error']);
  });

  it.each(formats)('14: the provider goes on when the reader has left: %s', async (format) => {
    for (const source of [bySdk(format, ''), undefined]) {
      const { url, closed, close } = await serve(() => endless(format));
      const ask = source === undefined ? (signal: AbortSignal) => fetch(url, { signal }) : bySdk(format, url);
      await firstValueFrom(readers[format](ask as never).pipe(filter(({ type }) => type === 'text-delta')));
      expect(await closed).toBeGreaterThan(0);
      await close();
    }
  });

  it('15: … or stops where the answer is to be kept', async () => {
    // One request for all who look: it is theirs together, and none of them is its owner.
    const { url, closed } = await serve(() => endless('openai-chat'));
    const events = new Subject<LlmEvent>();
    const run = readers['openai-chat'](bySdk('openai-chat', url) as never).subscribe(events);
    let seen = 0;
    const looking = events.subscribe(() => void seen++);
    await firstValueFrom(events.pipe(filter(({ type }) => type === 'text-delta')));
    looking.unsubscribe();
    const before = seen;
    let after = 0;
    await firstValueFrom(events.pipe(filter(() => ++after > 50)));
    expect(seen).toBe(before);
    run.unsubscribe();
    await closed;
  });

  it('16: what was called off is kept as a success, or as an error', async () => {
    const { url } = await serve(() => endless('anthropic'));
    const controller = new AbortController();
    const source = bySdk('anthropic', url) as never;
    const ended = all(readers.anthropic(source, { signal: controller.signal }));
    await firstValueFrom(readers.anthropic(source));
    controller.abort(new Error('stop'));
    expect((await ended).at(-1)).toMatchObject({ type: 'abort', reason: 'stop' });
  });

  it('17: proxies hold back what they should pass on', async () => {
    const { headers } = await toResponse([chunk('a')], { format: 'sse' });
    expect(headers.get('x-accel-buffering')).toBe('no');
    expect(headers.get('cache-control')).toContain('no-transform');
    expect(headers.get('content-type')).toContain('text/event-stream');
  });

  it('18: what compresses holds back what it should pass on', async () => {
    const items$ = new ReplaySubject<object>();
    const request = new Request('http://localhost/', { headers: { 'accept-encoding': 'gzip' } });
    const response = await toResponse(items$, { format: 'sse', compression: true, createCompressor, request });
    expect(response.headers.get('content-encoding')).toBe('gzip');
    const body = response.body!.pipeThrough(
      new DecompressionStream('gzip') as ReadableWritablePair<Uint8Array, Uint8Array>,
    );
    const deltas: string[] = [];
    const ended = new Promise<void>((resolve) => {
      fromOpenAiChat(body).subscribe({
        next: (event) => {
          if (event.type === 'text-delta') deltas.push(event.delta);
        },
        error: () => resolve(),
      });
    });
    items$.next(chunk('first'));
    await expect.poll(() => deltas).toEqual(['first']);
    items$.next(chunk('second'));
    await expect.poll(() => deltas).toEqual(['first', 'second']);
    items$.complete();
    await ended;
  });

  it('19: a long silence breaks the connection, and nobody knows that it may be tried again', async () => {
    const cause = Object.assign(new Error('Body Timeout Error'), { code: 'UND_ERR_BODY_TIMEOUT' });
    async function* silent(): AsyncGenerator<Uint8Array> {
      yield new TextEncoder().encode(sse(chunk('Hel')));
      throw new TypeError('terminated', { cause });
    }
    const events = await eventsOf('openai-chat', silent());
    expect(events.at(-1)).toMatchObject({
      type: 'error',
      trouble: 'transport',
      message: 'terminated',
      retryable: true,
    });
  });

  const gemini = recorded('gemini-error-midstream-bare-json.sse');
  it.skipIf(gemini === undefined)('20: what a provider says of its failure is lost', async () => {
    const end = { trouble: 'provider', message: 'The operation was cancelled.', code: 'CANCELLED', status: 499 };
    expect((await eventsOf('gemini', [gemini!])).at(-1)).toMatchObject(end);
  });

  it.each<[LlmFormat, string]>([
    ['openai-chat', sse(chunk('a'), stop, { ...stop, usage: { prompt_tokens: 1 } }, '[DONE]')],
    [
      'gemini',
      sse(...['a', 'b'].map((text) => ({ candidates: [{ content: { parts: [{ text }] }, finishReason: 'STOP' }] }))),
    ],
    [
      'anthropic',
      [
        { type: 'message_start', message: {} },
        { type: 'message_delta', delta: { stop_reason: 'end_turn' } },
        { type: 'message_delta', delta: { stop_reason: 'end_turn' } },
        { type: 'message_stop' },
        { type: 'message_stop' },
      ]
        .map(named)
        .join(''),
    ],
  ])('21: a reason that is said twice finishes twice: %s', async (format, text) => {
    expect((await eventsOf(format, [text])).filter(({ type }) => type === 'finish')).toHaveLength(1);
  });

  it('22: content that is a list is shown as "[object Object]"', async () => {
    const content = [
      { type: 'thinking', thinking: [{ type: 'text', text: '12²' }] },
      { type: 'text', text: '144' },
    ];
    const said = saidIn(await read(sse({ choices: [{ index: 0, delta: { content } }] }, stop, '[DONE]')));
    expect(said).toMatchObject({ reasoning: '12²', text: ['144'] });
  });

  it('23: one huge event takes the square of its length, or all memory', async () => {
    const data = 'QUJD'.repeat(400_000);
    const picture = {
      candidates: [{ content: { parts: [{ inlineData: { mimeType: 'image/png', data } }] }, finishReason: 'STOP' }],
    };
    const bytes = new TextEncoder().encode(sse(picture));
    // In tens of thousands of pieces the square would not be over before this test is.
    const { files } = saidIn(
      await eventsOf(
        'gemini',
        slices(bytes, () => 64),
      ),
    );
    expect(files).toEqual([data]);
    const [bounded] = (await eventsOf('gemini', [bytes], { maxEventLength: 1 << 20 })).slice(-1);
    expect(bounded).toMatchObject({ type: 'error', trouble: 'overflow', retryable: false });
  });
});
