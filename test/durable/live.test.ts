import { describe, expect, it } from 'vitest';
import { VirtualTime } from '../virtual-time.js';
import { binary, json, lab, open, text } from './lab.js';

const place = (seq: number): string => `${seq}`.padStart(16, '0');

async function stage() {
  const time = new VirtualTime();
  const parts = lab({ scheduler: time, eventStreamMs: 1000, heartbeatMs: 400, longPollTimeoutMs: 300 });
  await parts.put('a', { body: 'one' });
  const follow = async (target = `a?offset=-1&live=sse`, thirst?: number) => open(await parts.get(target), thirst);
  return { ...parts, time, follow };
}

describe('Live', () => {
  it('shows what is there, then what comes, each with the place behind it, and ends with the stream', async () => {
    const { follow, post, time } = await stage();
    const reader = await follow();
    expect(reader.text).toContain('data:one\n\nevent: control');
    await post('a', ' two');
    await time.pass(2);
    expect(reader.text).toContain('data:  two\n');
    expect(reader.text).toContain(place(2));
    await post('a', '!', { 'stream-closed': 'true' });
    await time.pass(2);
    expect(reader.text.endsWith('"streamClosed":true,"upToDate":true}\n\n')).toBe(true);
    expect(reader.state).toBe('ended');
  });

  it('tells who has just come where he is, though nothing is there', async () => {
    const { follow } = await stage();
    const reader = await follow('a?offset=now&live=sse');
    expect(reader.text).toMatch(
      /^event: control\ndata:\{"streamNextOffset":"0000000000000001","streamCursor":"-?\d+","upToDate":true\}\n\n$/,
    );
  });

  it('ends for who took nothing while the stream was removed and made anew', async () => {
    const { follow, put, ask, time } = await stage();
    const paused = await follow('a?offset=-1&live=sse', 1);
    await time.pass(2);
    await ask('DELETE', 'a');
    await put('a', { body: 'another' });
    await ask('POST', 'a', { body: ', and more', headers: text });
    paused.drink();
    await time.pass(2);
    expect([paused.state, paused.text.includes('more')]).toEqual(['ended', false]);
  });

  it('ends for who took nothing when somebody follows the stream that was made anew, as what that is', async () => {
    const { follow, ask, time } = await stage();
    const paused = await follow('a?offset=-1&live=sse', 1);
    await time.pass(2);
    await ask('DELETE', 'a');
    await ask('PUT', 'a', { body: '[1]', headers: json });
    const late = await follow();
    expect(late.text).toContain('data:[1]\n');
    expect(paused.state).toBe('ended');
    await ask('POST', 'a', { body: '2', headers: json });
    await time.pass(2);
    expect(late.text).toContain('data:[2]\n');
  });

  it('holds one page for who takes nothing more, and goes on when he does', async () => {
    const { follow, post, time } = await stage();
    const reader = await follow('a?offset=-1&live=sse', 1);
    const { length } = reader;
    for (let n = 0; n < 20; n++) await post('a', `<${n}>`);
    await time.pass(20);
    expect(reader.length).toBe(length);
    reader.drink();
    await time.pass(2);
    expect(reader.text).toContain('<0><1><2>');
    expect(reader.text.split('event: control')).toHaveLength(3);
  });

  it('ends after a while, and says meanwhile that it lives', async () => {
    const { follow, time } = await stage();
    const reader = await follow();
    await time.pass(399);
    expect(reader.text).not.toContain(': ping');
    await time.pass(401);
    expect(reader.text).toContain(': ping\n\n');
    expect(reader.state).toBe('open');
    await time.pass(251);
    expect(reader.state).toBe('ended');
  });

  it('ends when the stream is removed or the server closes, and leaves nothing behind a reader that has gone', async () => {
    const { follow, ask, durable, time, put } = await stage();
    const [removed, left] = [await follow(), await follow()];
    left.outflow.closed();
    await ask('DELETE', 'a');
    await time.pass(2);
    expect([removed.state, left.state]).toEqual(['ended', 'open']);
    await put('a');
    const closed = await follow();
    durable.dispose();
    expect(closed.state).toBe('ended');
    expect(time.actions).toHaveLength(0);
  });

  it('shows text that is cut within a character whole', async () => {
    const { follow, post, time } = await stage();
    const reader = await follow();
    await post('a', Uint8Array.of(0x63, 0xc3));
    await time.pass(2);
    expect(reader.text).not.toContain('data:c');
    await post('a', Uint8Array.of(0xa9));
    await time.pass(2);
    expect(reader.text).toContain('data:cé\n');
    expect(reader.text).not.toContain('\ufffd');
  });

  it('shows JSON as arrays, and bytes in base64, and says so', async () => {
    const { ask, get, follow } = await stage();
    await ask('PUT', 'j', { headers: json, body: '[{"a":"\\n"},2]' });
    await ask('PUT', 'b', { headers: binary, body: Uint8Array.of(0, 255) });
    expect((await follow('j?offset=-1&live=sse')).text).toContain('data:[{"a":"\\n"},2]\n');
    const reply = await get('b?offset=-1&live=sse');
    expect(reply.headers).toMatchObject({ 'content-type': 'text/event-stream', 'stream-sse-data-encoding': 'base64' });
    expect(open(reply).text).toContain('data:AP8=\n');
    expect((await get('a?offset=-1&live=sse')).headers).not.toHaveProperty('stream-sse-data-encoding');
  });
});

describe('awaitPage', () => {
  it('answers with what comes, at once when it is there', async () => {
    const { get, post, time } = await stage();
    const there = await get('a?offset=-1&live=long-poll');
    expect(there).toMatchObject({
      status: 200,
      headers: { 'stream-next-offset': place(1), 'stream-up-to-date': 'true' },
    });
    const waiting = get('a?offset=now&live=long-poll');
    await time.pass(100);
    await post('a', ' two');
    const reply = await time.until(waiting);
    expect(new TextDecoder().decode(reply.body as Uint8Array)).toBe(' two');
    expect(reply.headers).toMatchObject({
      'stream-next-offset': place(2),
      etag: expect.stringContaining(':1:2') as string,
    });
  });

  it('answers that nothing came, or that nothing will', async () => {
    const { get, post, time } = await stage();
    const idle = await time.until(get('a?offset=now&live=long-poll'));
    expect(idle).toMatchObject({
      status: 204,
      headers: { 'stream-next-offset': place(1), 'stream-up-to-date': 'true' },
    });
    expect(idle.headers).toHaveProperty('stream-cursor');
    const closing = get('a?offset=now&live=long-poll');
    await time.pass(5);
    await post('a', '', { 'stream-closed': 'true' });
    for (const reply of [await time.until(closing), await get('a?offset=now&live=long-poll')]) {
      expect(reply).toMatchObject({
        status: 204,
        headers: { 'stream-closed': 'true', 'stream-next-offset': place(1) },
      });
      expect(reply.headers).not.toHaveProperty('stream-cursor');
    }
  });

  it('fails when the stream goes, and waits for nobody who has gone', async () => {
    const { get, ask, time } = await stage();
    const leaving = new AbortController();
    const left = get('a?offset=now&live=long-poll', { signal: leaving.signal });
    const gone = get('a?offset=now&live=long-poll', { signal: AbortSignal.abort() });
    await time.pass(2);
    leaving.abort();
    expect([(await left).status, (await gone).status]).toEqual([204, 204]);
    const removed = get('a?offset=now&live=long-poll', { headers: text });
    await time.pass(2);
    await ask('DELETE', 'a');
    expect((await time.until(removed)).status).toBe(404);
  });
});
