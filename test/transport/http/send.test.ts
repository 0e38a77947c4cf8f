import { afterEach, describe, expect, it } from 'vitest';
import { httpRules } from '../../../src/transport/http/rules.js';
import { offsetOf, send } from '../../../src/transport/http/send.js';
import { until } from '../../servers/until.js';
import { Lab } from './lab.js';

let lab: Lab;
const never = new AbortController().signal;

afterEach(() => lab.close());

describe('send', () => {
  it('answers with what the server says, and where the stream ends', async () => {
    lab = await Lab.start((response) => response.writeHead(201, { 'stream-next-offset': '0_5' }).end('made'));
    const answer = await send(httpRules({ url: lab.url }), { method: 'PUT' }, never);
    expect([answer.status, offsetOf(answer)]).toEqual([201, '0_5']);
  });

  it('knows no end where the server says none', async () => {
    lab = await Lab.start((response) => response.end());
    expect(offsetOf(await send(httpRules({ url: lab.url }), { method: 'POST' }, never))).toBeUndefined();
  });

  it('knows what the refusal of a write is about', async () => {
    lab = await Lab.start((response) => response.writeHead(409).end());
    const sent = send(httpRules({ url: lab.url }), { method: 'PUT' }, never);
    await expect(sent).rejects.toMatchObject({ code: 'stream-exists' });
  });

  it('uses a connection again when its answer was read to the end', async () => {
    const ports = new Set<number>();
    lab = await Lab.start((response) => {
      ports.add(response.socket!.remotePort!);
      response.end('x'.repeat(1000));
    });
    const rules = httpRules({ url: lab.url });
    for (let i = 0; i < 10; i++) await send(rules, { method: 'POST' }, never);
    // One is enough, but fetch may open a second before it notices that the first is free.
    expect(ports.size).toBeLessThan(5);
  });

  it('lets an answer go that is read no further', async () => {
    const abort = new AbortController();
    lab = await Lab.start((response) => response.writeHead(200).write('half'));
    const sent = send(httpRules({ url: lab.url }), { method: 'POST' }, abort.signal);
    await until('it was asked', () => lab.asked.length === 1);
    abort.abort(new Error('enough'));
    await expect(sent).rejects.toThrow('enough');
    await until('the connection was let go', () => lab.cut === 1);
  });
});
