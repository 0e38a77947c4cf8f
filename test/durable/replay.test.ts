import { asyncScheduler } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { Replay } from '../../src/durable/replay.js';
import { createMemoryLog } from '../../src/log/memory.js';
import { until } from '../servers/until.js';
import { encoded, json, lab, open, textOf } from './lab.js';

const words = Array.from({ length: 10_000 }, (_, n) => `<${n}>`);

async function stage(headers?: Record<string, string>) {
  let time = 0;
  const parts = lab({}, { now: () => time++ });
  await parts.ask('PUT', 'a', headers === undefined ? { headers: { 'content-type': 'text/plain' } } : { headers });
  parts.log.append('a', words.map(encoded));
  return parts;
}

describe('Replay', () => {
  it('shows all that was there when it was asked for, and no more', async () => {
    const { get, post } = await stage();
    const reply = await get('a');
    expect(reply.headers).toMatchObject({ 'stream-next-offset': '0000000000010000', 'stream-up-to-date': 'true' });
    const reader = open(reply);
    await post('a', 'later');
    await until('it has ended', () => reader.state !== 'open');
    expect([reader.state, reader.text === words.join('')]).toEqual(['ended', true]);
    reader.drink();
    await new Promise((resolve) => setTimeout(resolve, 5));
    expect(reader.state, 'there is room once it has ended').toBe('ended');
  });

  it('shows JSON as one array', async () => {
    const { get } = await stage(json);
    const reader = open(await get('a'));
    await until('it has ended', () => reader.state === 'ended');
    expect(JSON.parse(reader.text)).toEqual(words);
  });

  it('reads as its reader takes it', async () => {
    const { get } = await stage();
    const reader = open(await get('a'), 1);
    await new Promise((resolve) => setTimeout(resolve, 5));
    const first = reader.length;
    expect(first).toBeLessThan(words.join('').length / 2);
    reader.drink(1);
    await until('more has come', () => reader.length > first);
    reader.outflow.closed();
    reader.drink();
    const { length } = reader;
    await new Promise((resolve) => setTimeout(resolve, 5));
    expect([reader.length, reader.state]).toEqual([length, 'open']);
  });

  it.each(['trimmed', 'removed'])('is broken off when what is left was %s', async (how) => {
    const { get, log } = await stage();
    const reader = open(await get('a'), 1);
    if (how === 'trimmed') log.trim('a', 9000);
    else log.delete('a');
    reader.drink();
    await until('it is over', () => reader.state !== 'open');
    expect(reader.state).toBe('aborted');
  });

  it('is broken off when the stream was removed and made anew', async () => {
    const { get, log } = await stage();
    const reader = open(await get('a'), 1);
    log.delete('a');
    log.create('a', { contentType: 'text/plain' });
    log.append(
      'a',
      words.map(() => encoded('another')),
    );
    reader.drink();
    await until('it is over', () => reader.state !== 'open');
    expect(reader.state).toBe('aborted');
    expect(reader.text).not.toContain('another');
  });

  it('writes nothing for who has gone before it has begun to read', async () => {
    const log = createMemoryLog();
    const replay = new Replay({
      log,
      stream: { name: 'a', life: '1' },
      type: 'text',
      slice: { from: 0, chunks: [], next: 5 },
      scheduler: asyncScheduler,
      restMs: Infinity,
    });
    replay.closed();
    replay.drained();
    expect(textOf({ status: 200, headers: {}, body: new Uint8Array() })).toBe('');
  });
});
