import { createUIMessageStream } from 'ai6';
import { afterEach, describe, expect, it } from 'vitest';
import { NEVER, of, throwError } from 'rxjs';
import type { ChatAnswer } from '../../../src/interop/ai-sdk/chat-run.js';
import { createChat, type ChatOptions } from '../../../src/interop/ai-sdk/chat.js';
import { createMemoryLog } from '../../../src/log/memory.js';
import { createStreams, holdLease } from '../../../src/streams/index.js';
import { createChunk } from '../../../src/chunk/index.js';
import { type Office, openOffice, type Page, pages, textOn } from './chats.js';

const patience = { timeout: 20_000 };
const offices: Office[] = [];
afterEach(() => {
  for (const { chat } of offices.splice(0)) chat.dispose();
});

function open(options?: Partial<ChatOptions>): Office {
  const office = openOffice(options);
  offices.push(office);
  return office;
}

const shows = async (page: Page, text: string): Promise<void> => {
  await expect.poll(() => textOn(page), patience).toBe(text);
};

const body = (more: object = {}) => ({ id: 'c', messages: [{ id: 'u', role: 'user', parts: [] }], ...more });
const post = (said: unknown) => ({ method: 'POST', body: typeof said === 'string' ? said : JSON.stringify(said) });

describe.each(Object.entries(pages))('createChat and createChatTransport, with %s', (_, page) => {
  it('shows an answer as it comes', async () => {
    const office = open();
    const one = page('c', office.transport());
    const asked = one.sendMessage({ text: 'Hi' });
    await expect.poll(() => office.answers.length, patience).toBe(1);
    office.answers[0]!.say('Call ', 'me ');
    await shows(one, 'Call me ');
    office.answers[0]!.say('Ishmael.');
    office.answers[0]!.finish();
    await asked;
    expect([textOn(one), one.status, one.error, one.messages.length]).toEqual([
      'Call me Ishmael.',
      'ready',
      undefined,
      2,
    ]);
  });

  it('loses nothing and doubles nothing when a page is loaded anew in the middle, and again behind the end', async () => {
    const office = open();
    const one = page('c', office.transport());
    const asked = one.sendMessage({ text: 'Hi' });
    await expect.poll(() => office.answers.length, patience).toBe(1);
    const [answer] = office.answers;
    answer!.say('Call ', 'me ');
    await shows(one, 'Call me ');
    const again = page('c', office.transport(), one.messages.slice(0, 1));
    const resumed = again.resumeStream();
    await shows(again, 'Call me ');
    answer!.say('Ishmael.');
    answer!.finish();
    await Promise.all([asked, resumed]);
    expect(again.messages).toEqual(one.messages);
    // The page has the whole message: it comes again, under the same id, in its place.
    const late = page('c', office.transport(), one.messages);
    await late.resumeStream();
    expect(late.messages).toEqual(one.messages);
  });

  it('is stopped by any page, for all of them, and for the model', async () => {
    const office = open();
    const one = page('c', office.transport());
    const asked = one.sendMessage({ text: 'Hi' });
    await expect.poll(() => office.answers.length, patience).toBe(1);
    office.answers[0]!.say('Call ');
    const other = page('c', office.transport());
    const resumed = other.resumeStream();
    await shows(other, 'Call ');
    await shows(one, 'Call ');
    await other.stop();
    await Promise.all([asked, resumed]);
    await expect.poll(() => office.answers[0]!.signal.aborted, patience).toBe(true);
    expect([textOn(one), one.status, one.error]).toEqual(['Call ', 'ready', undefined]);
    const late = page('c', office.transport());
    await late.resumeStream();
    expect([textOn(late), late.status]).toEqual(['Call ', 'ready']);
  });

  it('goes on when the only page has gone', async () => {
    const office = open();
    const transport = office.transport();
    const messages = [{ id: 'u', role: 'user', parts: [] }] as never[];
    const stream = await transport.sendMessages({
      trigger: 'submit-message',
      chatId: 'c',
      messageId: undefined,
      messages,
      abortSignal: undefined,
    });
    await stream.cancel();
    await expect.poll(() => office.answers.length, patience).toBe(1);
    office.answers[0]!.say('Call me Ishmael.');
    office.answers[0]!.finish();
    const one = page('c', transport);
    await one.resumeStream();
    expect(textOn(one)).toBe('Call me Ishmael.');
    expect(office.answers[0]!.signal.aborted).toBe(true);
  });

  it('is not stopped when one reading takes the place of another', async () => {
    const office = open();
    const first = page('c', office.transport());
    const asked = first.sendMessage({ text: 'Hi' });
    await expect.poll(() => office.answers.length, patience).toBe(1);
    const other = page('c', office.transport());
    const resumed = Promise.all([other.resumeStream(), other.resumeStream()]);
    office.answers[0]!.say('Call me');
    await shows(other, 'Call me');
    expect(office.answers[0]!.signal.aborted).toBe(false);
    office.answers[0]!.finish();
    await Promise.all([asked, resumed]);
    expect(textOn(other)).toBe('Call me');
  });

  it('tells the page when the producer dies, and never lets it wait', async () => {
    const office = open();
    const { streams } = office;
    const streamId = 'chats/c/r1';
    await streams.create(streamId);
    await streams.publish('chats/c', [
      createChunk({ streamId: 'chats/c', seq: 0, data: { run: 'r1', stopped: false } }),
    ]);
    const producer = { id: 'r1', epoch: 0, seq: 0 };
    const chunks = [
      { type: 'start', messageId: 'r1' },
      { type: 'text-start', id: 't' },
      { type: 'text-delta', id: 't', delta: 'Call ' },
    ];
    await streams.publish(
      streamId,
      chunks.map((data, seq) => createChunk({ streamId, seq, data })),
      { producer },
    );
    const lease = holdLease(streams, streamId, { producer, leaseMs: 300, kept: () => 3 });
    const one = page('c', office.transport());
    const resumed = one.resumeStream();
    await shows(one, 'Call ');
    lease.lapse();
    await resumed;
    expect([one.status, one.error?.message]).toEqual(['error', 'An error occurred.']);
    expect(textOn(one)).toBe('Call ');
  });

  it('answers with what the SDK makes itself', async () => {
    const office = open({
      answer: () =>
        createUIMessageStream({
          execute: ({ writer }) => {
            writer.write({ type: 'text-start', id: 't' });
            writer.write({ type: 'text-delta', id: 't', delta: 'Hi' });
            writer.write({ type: 'text-end', id: 't' });
            writer.write({ type: 'finish' });
          },
        }) as unknown as ChatAnswer,
    });
    const one = page('c', office.transport());
    await one.sendMessage({ text: 'Hi' });
    expect([textOn(one), one.error]).toEqual(['Hi', undefined]);
  });

  it.each<[string, () => ChatAnswer]>([
    [
      'throws',
      () => {
        throw new Error('sk-1');
      },
    ],
    ['cannot be had', () => Promise.reject(new Error('sk-1'))],
    ['fails', () => throwError(() => new Error('sk-1'))],
    ['just ends', () => of({ type: 'start-step' })],
  ])('tells the page that an answer %s, in words that give nothing away', async (__, answer) => {
    const office = open({ answer });
    const one = page('c', office.transport());
    await one.sendMessage({ text: 'Hi' });
    expect([one.status, one.error?.message]).toEqual(['error', 'An error occurred.']);
  });
});

describe('createChat', () => {
  it('is stopped from another process', async () => {
    const log = createMemoryLog();
    const here = open({ streams: createStreams({ log }) });
    const there = open({ streams: createStreams({ log }) });
    const response = await here.fetch('/api/chat', post(body()));
    await expect.poll(() => here.answers.length, patience).toBe(1);
    expect(await there.chat.stop('c', 'enough')).toBe(true);
    await expect.poll(() => here.answers[0]!.signal.aborted, patience).toBe(true);
    expect(await response.text()).toMatch(/data: \{"type":"abort"\}\n\ndata: \[DONE\]\n\n$/);
    expect(await there.chat.stop('c')).toBe(false);
    const again = await there.fetch('/api/chat/c/stream', {});
    expect(await again.text()).toContain('"abort"');
  });

  it('goes on behind the last event a reader has', async () => {
    const { fetch, answers } = open();
    const response = await fetch('/api/chat', post(body()));
    await expect.poll(() => answers.length, patience).toBe(1);
    answers[0]!.say('a', 'b');
    answers[0]!.finish();
    const text = await response.text();
    const ids = [...text.matchAll(/^id: (.*)$/gm)].map(([, id]) => id!);
    expect(ids.length).toBe(8);
    for (const [i, id] of ids.entries()) {
      const rest = await (await fetch('/api/chat/c/stream', { headers: { 'last-event-id': id } })).text();
      expect([...rest.matchAll(/^id: (.*)$/gm)].map(([, one]) => one)).toEqual(ids.slice(i + 1));
      expect(rest).toMatch(/data: \[DONE\]\n\n$/);
    }
  });

  it('lets a message that is not finished go on', async () => {
    const { fetch, answers } = open();
    const response = await fetch('/api/chat', post(body({ messages: [{ id: 'a', role: 'assistant', parts: [] }] })));
    await expect.poll(() => answers.length, patience).toBe(1);
    answers[0]!.finish();
    expect(await response.text()).toContain('"messageId":"a"');
  });

  it('gives an answer that has ended only to those who were reading, where that is wanted', async () => {
    const { fetch, answers } = open({ replayEnded: false, ttlMs: Infinity, errorText: () => 'told' });
    const response = await fetch('/api/chat', post(body()));
    await expect.poll(() => answers.length, patience).toBe(1);
    answers[0]!.chunks$.error(new Error('broken'));
    const text = await response.text();
    expect(text).toContain('"errorText":"told"');
    expect((await fetch('/api/chat/c/stream', {})).status).toBe(204);
    const [, id = ''] = /^id: (.*)$/m.exec(text) ?? [];
    expect((await fetch('/api/chat/c/stream', { headers: { 'last-event-id': id } })).status).toBe(200);
  });

  it('keeps chats apart, whatever their ids are', async () => {
    const { fetch, answers, streams } = open();
    const ids = ['a', 'a/b', '..', 'ä b', '%2e'];
    const bad = ['..'];
    for (const id of ids) {
      const { status } = await fetch('/api/chat', post(body({ id })));
      expect([id, status]).toEqual([id, bad.includes(id) ? 400 : 200]);
    }
    await expect.poll(() => answers.length, patience).toBe(ids.length - bad.length);
    for (const { finish } of answers) finish();
    expect((await streams.list('chats')).length).toBeGreaterThanOrEqual(8);
    const path = `/api/chat/${encodeURIComponent('a/b')}/stream`;
    expect((await fetch(path, {})).status).toBe(200);
  });

  it.each([
    ['a body that is no JSON', '/api/chat', post('{'), 400],
    ['a body of something else', '/api/chat', post({ id: 3 }), 400],
    ['an id that is half a character', '/api/chat', post('{"id":"\\ud800","messages":[]}'), 400],
    ['an id that is too long', '/api/chat', post(body({ id: 'x'.repeat(600) })), 400],
    ['an id that is not encoded', '/api/chat/%E0%A4%A/stream', {}, 400],
    ['a place that is none', '/api/chat/c/stream', { headers: { 'last-event-id': '../x.1' } }, 400],
    ['another path', '/api/chat/c', {}, 404],
    ['another method', '/api/chat/c/stream', { method: 'PUT' }, 405],
    ['a chat nobody knows', '/api/chat/c/stream', {}, 204],
    ['a run nobody knows', '/api/chat/c/stream', { headers: { 'last-event-id': 'r.1' } }, 204],
    ['a stop of nothing', '/api/chat/c/stream', { method: 'DELETE' }, 204],
  ])('answers %s', async (_, url, init, status) => {
    const { fetch, answers } = open();
    expect((await fetch(url, init)).status).toBe(status);
    expect(answers).toEqual([]);
  });

  it('gives nothing away when its log fails', async () => {
    const create = (): Promise<never> => Promise.reject(new Error('password'));
    const streams = createStreams({ log: Object.assign(createMemoryLog(), { create }) });
    const { fetch } = open({ streams });
    const response = await fetch('/api/chat', post(body()));
    expect([response.status, await response.json()]).toEqual([500, { message: 'An error occurred.' }]);
  });

  it('refuses options that cannot be', () => {
    const streams = createStreams({ log: createMemoryLog() });
    expect(() => createChat({ streams, answer: NEVER as never })).toThrow(TypeError);
    expect(() => createChat({ streams, answer: () => NEVER, heartbeatMs: 0 })).toThrow(RangeError);
  });
});
