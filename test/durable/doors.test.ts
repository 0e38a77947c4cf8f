import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { command } from '../cli/command-line.js';

const run = command();

/** Programs take their time to start on a machine that is busy. */
const patienceMs = 60_000;

type Running = ReturnType<typeof run>;
let serving: Running;
let url = '';
beforeAll(async () => {
  serving = run(['serve', '--port', '0', '--long-poll-timeout-ms', '50']);
  [, url = ''] = await serving.says(/^listening on (\S+)\n$/);
}, patienceMs);
afterAll(async () => {
  serving.process.kill('SIGTERM');
  expect(await serving.ended).toMatchObject({ code: 0, stderr: '' });
}, patienceMs);

const at = (name: string): string => `${url}/v1/stream/${name}`;
const text = { 'content-type': 'text/plain; charset=utf-8' };

describe('a stream with two doors', { timeout: patienceMs }, () => {
  it('is read over HTTP as it was written over WebSocket', async () => {
    const publishing = run(['publish', 'books/one', '--server', url]);
    publishing.process.stdin.end('Call me Ishmael.\nSome years ago…');
    expect(await publishing.ended).toMatchObject({ code: 0 });
    const answer = await fetch(at('books/one'));
    expect([answer.status, answer.headers.get('content-type')]).toEqual([200, 'text/plain; charset=utf-8']);
    expect(answer.headers.get('stream-closed')).toBe('true');
    expect(await answer.text()).toBe('Call me Ishmael.\nSome years ago…');
  });

  it('is read over WebSocket as it was written over HTTP', async () => {
    await fetch(at('books/two'), { method: 'PUT', headers: text });
    await fetch(at('books/two'), { method: 'POST', headers: text, body: 'naïve ' });
    await fetch(at('books/two'), { method: 'POST', headers: { ...text, 'stream-closed': 'true' }, body: 'and whole' });
    const { code, stdout } = await run(['tail', 'books/two', '--from', 'beginning', '--server', url]).ended;
    expect([code, stdout.toString()]).toEqual([0, 'naïve and whole']);
  });

  it('waits as long as it was told to', async () => {
    await fetch(at('idle'), { method: 'PUT', headers: text });
    expect((await fetch(`${at('idle')}?offset=-1&live=long-poll`)).status).toBe(204);
  });

  it.each(['0', 'x', '-5', '9999999999'])('does not take --long-poll-timeout-ms %s', async (value) => {
    const { code, stderr } = await run(['serve', '--port', '0', '--long-poll-timeout-ms', value]).ended;
    expect(code).toBe(1);
    expect(stderr).toContain('longPollTimeoutMs (--long-poll-timeout-ms): must be a whole number, 1 to');
  });
});
