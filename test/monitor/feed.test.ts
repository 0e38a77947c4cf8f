import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { MonitorFeed } from '../../src/monitor/feed.js';
import { row, state } from './figures.js';

type Answer = Response | Error;
const json = (value: unknown, status = 200): Response => new Response(JSON.stringify(value), { status });

function stage(...answers: Answer[]) {
  const changed = vi.fn();
  const fetch = vi.fn(async (_path: string, _init: { headers: Record<string, string> }): Promise<Response> => {
    const answer = answers.shift() ?? json(state());
    if (answer instanceof Error) throw answer;
    return answer;
  });
  const feed = new MonitorFeed({ version: '1.2.3', fetch, changed });
  const asked = (i: number) => new URL(fetch.mock.calls[i]![0], 'http://x').searchParams;
  return { feed, fetch, changed, asked };
}

describe('MonitorFeed', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  it('asks every second for what has changed since', async () => {
    const { feed, fetch, changed, asked } = stage(json(state({ cursor: 5, streams: [row('a')] })));
    feed.stream = 'books/x';
    await feed.ask();
    expect([feed.state, feed.view.all.length, changed.mock.calls.length]).toEqual(['live', 1, 1]);
    await vi.advanceTimersByTimeAsync(1000);
    expect([asked(0).get('since'), asked(1).get('since'), asked(1).get('life')]).toEqual(['0', '5', 'one']);
    expect(asked(1).get('stream')).toBe('books/x');
    feed.stop();
    await vi.advanceTimersByTimeAsync(10_000);
    expect(fetch).toHaveBeenCalledTimes(2);
  });

  it('asks less and less often while the server is away, and is there at once when it is', async () => {
    const { feed, fetch } = stage(json(state()), ...Array.from({ length: 6 }, () => new TypeError('no')));
    await feed.ask();
    await vi.advanceTimersByTimeAsync(1000);
    expect([feed.state, feed.problem]).toEqual(['reconnecting', 'no']);
    await vi.advanceTimersByTimeAsync(2000 + 4000 + 5000 + 5000 + 5000);
    expect(fetch).toHaveBeenCalledTimes(7);
    await feed.ask();
    expect([feed.state, feed.problem]).toEqual(['live', '']);
    await vi.advanceTimersByTimeAsync(1000);
    expect(fetch).toHaveBeenCalledTimes(9);
  });

  it('says connecting as long as there was no answer at all, and takes a broken one for none', async () => {
    const { feed } = stage(new TypeError('no'), json({}, 500));
    await feed.ask();
    expect(feed.state).toBe('connecting');
    await feed.ask();
    expect([feed.state, feed.problem]).toEqual(['connecting', 'the server answers 500']);
  });

  it('does not ask twice at the same time', async () => {
    const { feed, fetch } = stage();
    await Promise.all([feed.ask(), feed.ask()]);
    expect(fetch).toHaveBeenCalledTimes(1);
  });

  it('asks again at once when it was told meanwhile who asks, and for which stream', async () => {
    const { feed, fetch, changed, asked } = stage(json({ message: 'who are you?' }, 401));
    const first = feed.ask();
    feed.stream = 's';
    await feed.signIn('secret');
    await first;
    expect(fetch.mock.calls.map(([, { headers }]) => headers)).toEqual([{}, { authorization: 'Bearer secret' }]);
    expect([asked(1).get('stream'), feed.state, changed.mock.calls.length]).toEqual(['s', 'live', 1]);
    expect(vi.getTimerCount()).toBe(1);
  });

  it.each([
    [json({ message: 'who are you?' }, 401), 'who are you?'],
    [json({}, 403), ''],
    [new Response('<html>', { status: 401 }), ''],
  ])('stops asking when it is refused, until there is a token', async (refusal, problem) => {
    const { feed, fetch } = stage(refusal);
    await feed.ask();
    expect([feed.state, feed.problem]).toEqual(['refused', problem]);
    await vi.advanceTimersByTimeAsync(60_000);
    expect(fetch).toHaveBeenCalledTimes(1);
    await feed.signIn('secret');
    expect(fetch.mock.lastCall![1].headers).toEqual({ authorization: 'Bearer secret' });
    expect(feed.state).toBe('live');
  });

  it('knows a server of another version', async () => {
    const { feed } = stage(json(state()), json(state({ version: '2.0.0' })));
    await feed.ask();
    expect(feed.isOtherVersion).toBe(false);
    await feed.ask();
    expect([feed.isOtherVersion, feed.state]).toEqual([true, 'live']);
  });

  it('understands nothing of a server that answers in another format', async () => {
    const { feed } = stage(json({ format: 99, version: '9.0.0', streams: 'all of them' }));
    await feed.ask();
    expect([feed.state, feed.isOtherVersion, feed.view.version, feed.view.all.length]).toEqual([
      'foreign',
      true,
      '9.0.0',
      0,
    ]);
  });
});
