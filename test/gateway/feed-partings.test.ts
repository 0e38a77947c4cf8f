import { describe, expect, it } from 'vitest';
import { GatewayStage, logKinds } from './stage.js';

/** How feeds and their readers come apart: in the middle of a read, with the stream, with the log. */
describe.each(logKinds)('Feed: partings over a %s', (kind) => {
  it('sends nothing to a reader that left while the log was read', async () => {
    const stage = new GatewayStage(kind);
    stage.keep('s', 'a');
    const [leaves, stays] = [stage.connect(), stage.connect()];
    for (const link of [leaves, stays]) link.subscribe('s');
    await stage.settle();
    for (const link of [leaves, stays]) link.words();
    stage.keep('s', 'b');
    if (stage.late !== undefined) stage.turn();
    leaves.say({ t: 'unsubscribe', ch: 0 });
    await stage.settle();
    expect(leaves.words()).toEqual(['unsubscribed ch=0']);
    expect(stays.words()).toEqual(['data ch=0 seq=1 chunks=b']);
  });

  it('sends nothing to a reader that left in the turn in which it got credit', async () => {
    const stage = new GatewayStage(kind);
    stage.keep('s', 'a', 'b');
    const [leaves, stays] = [stage.connect(), stage.connect()];
    leaves.subscribe('s', 0, 1);
    stays.subscribe('s', 0, 1);
    await stage.settle();
    leaves.words();
    const credit = { t: 'credit', ch: 0, chunks: 9, bytes: 99 } as const;
    stays.say(credit);
    leaves.say(credit, { t: 'unsubscribe', ch: 0 });
    await stage.settle();
    expect(leaves.words()).toEqual(['unsubscribed ch=0']);
    expect(stays.words().at(-1)).toBe('data ch=0 seq=1 chunks=b');
  });

  it('sends nothing on a connection that ended while the log was read, and watches no longer', async () => {
    const stage = new GatewayStage(kind);
    stage.keep('s', 'a');
    const link = stage.connect();
    link.subscribe('s');
    await stage.settle();
    stage.keep('s', 'b');
    stage.turn();
    const before = link.frames.length;
    link.events.closed(1006, 'lost');
    await stage.settle();
    expect(link.frames).toHaveLength(before);
    expect(stage.late?.watchers ?? 0).toBe(0);
  });

  it('reads anew for who leaves and comes back while the log is read', async () => {
    const stage = new GatewayStage(kind);
    stage.keep('s', 'a', 'b');
    const link = stage.connect();
    link.subscribe('s', 0, 1, 9);
    await stage.settle();
    link.words();
    link.say({ t: 'credit', ch: 0, chunks: 9, bytes: 9 });
    stage.turn();
    const sentBefore = link.words();
    link.say({ t: 'unsubscribe', ch: 0 }, { t: 'subscribe', stream: 's', from: 0, chunks: 9, bytes: 9 });
    await stage.settle();
    expect(sentBefore).toEqual(stage.late === undefined ? ['data ch=0 seq=1 chunks=b'] : []);
    expect(link.words()).toEqual([
      'unsubscribed ch=0',
      'subscribed stream=s from=0 ch=1 seq=0',
      'data ch=1 seq=0 chunks=a,b',
    ]);
  });

  it('keeps the number of a stream as long as somebody reads it', async () => {
    const stage = new GatewayStage(kind);
    stage.keep('s');
    stage.keep('other');
    const [one, two] = [stage.connect(), stage.connect()];
    one.subscribe('s');
    one.subscribe('other');
    await stage.settle();
    two.subscribe('s');
    await stage.settle();
    expect(two.channel('s')).toBe(one.channel('s'));
    expect(one.channel('other')).not.toBe(one.channel('s'));
  });

  it('ends for every reader when the stream is removed', async () => {
    const stage = new GatewayStage(kind);
    stage.keep('s', 'a', 'b');
    const [rich, poor, behind] = [stage.connect(), stage.connect(), stage.connect()];
    rich.subscribe('s');
    poor.subscribe('s', 0, 2, 9);
    behind.subscribe('s', 0, 1, 9);
    await stage.settle();
    for (const link of [rich, poor, behind]) link.words();
    stage.kept.delete('s');
    await stage.settle();
    const gone = ['error code=stream-not-found message=there is no stream "s" stream=s ch=0'];
    expect(rich.words()).toEqual(gone);
    expect(poor.words()).toEqual(gone);
    // It cannot be sent anything, and hears of it when it can.
    expect(behind.words()).toEqual([]);
    behind.say({ t: 'credit', ch: 0, chunks: 9, bytes: 9 });
    await stage.settle();
    expect(behind.words()).toEqual(gone);
    expect(stage.late?.watchers ?? 0).toBe(0);
  });

  it('does not read on in another stream that has the name of the one it read', async () => {
    const stage = new GatewayStage(kind);
    stage.keep('s', 'a', 'b', 'c');
    const link = stage.connect();
    link.subscribe('s');
    await stage.settle();
    link.words();
    stage.kept.delete('s');
    stage.keep('s', 'x');
    await stage.settle();
    expect(link.words()).toEqual(['error code=stream-not-found message=the stream "s" was removed stream=s ch=0']);
    link.subscribe('s');
    await stage.settle();
    expect(link.words()).toEqual(['subscribed stream=s from=beginning ch=1 seq=0', 'data ch=1 seq=0 chunks=x']);
  });

  it('shows who was to get more nothing of a stream that has come instead', async () => {
    const stage = new GatewayStage(kind);
    stage.keep('s', 'a', 'b', 'c');
    const [reads, waits] = [stage.connect(), stage.connect()];
    reads.subscribe('s');
    await stage.settle();
    waits.subscribe('s', 2, 0, 0);
    await stage.settle();
    stage.kept.delete('s');
    stage.keep('s', 'x');
    await stage.settle();
    waits.say({ t: 'credit', ch: 0, chunks: 9, bytes: 9 });
    await stage.settle();
    stage.keep('s', 'y', 'z');
    await stage.settle();
    expect([waits.all('data'), waits.all('error').map(({ code, ch }) => [code, ch])]).toEqual([
      [],
      [['stream-not-found', 0]],
    ]);
  });

  it('tells its readers when the log fails, and serves them again when they ask', async () => {
    const stage = new GatewayStage(kind);
    stage.keep('s', 'a');
    const link = stage.connect();
    link.subscribe('s');
    const { read } = stage.kept;
    stage.kept.read = () => {
      throw new Error('the disk is gone');
    };
    await stage.settle();
    expect(link.words()).toEqual([
      'subscribed stream=s from=beginning ch=0 seq=0',
      'error code=internal message=the disk is gone stream=s ch=0',
    ]);
    stage.kept.read = read;
    link.subscribe('s');
    await stage.settle();
    expect(link.words()).toEqual(['subscribed stream=s from=beginning ch=1 seq=0', 'data ch=1 seq=0 chunks=a']);
  });
});

describe('Feed: late answers', () => {
  it('knows the tail by the newest read, in whatever order reads are answered', async () => {
    // The last question first, as far as the order within a stream allows.
    const stage = new GatewayStage(logKinds[1], { random: () => 0.99 });
    stage.keep('s', 'a', 'b');
    const [one, two] = [stage.connect(), stage.connect()];
    one.subscribe('s', 1);
    two.subscribe('s', 2);
    await stage.settle();
    stage.keep('s', 'c');
    stage.turn();
    stage.end('s');
    stage.turn();
    await stage.settle();
    expect(one.words().at(-1)).toBe('end ch=0 seq=3 status=completed');
    expect(two.words().at(-1)).toBe('end ch=0 seq=3 status=completed');
  });

  it('sends nothing to a link that filled up while the log was read', async () => {
    const stage = new GatewayStage(logKinds[1]);
    stage.keep('s', 'a');
    const link = stage.connect();
    link.subscribe('s');
    await stage.settle();
    link.words();
    stage.keep('s', 'b');
    stage.turn();
    link.writable = false;
    link.say({ t: 'ping', grants: [] });
    stage.turn();
    expect(link.words()).toEqual(['pong sent=[]']);
    await stage.settle();
    // Not even held for it: the place is where it was.
    expect(stage.gateway.connections()[0]!.reading).toMatchObject([{ streamId: 's', next: 1 }]);
    link.writable = true;
    link.events.drained();
    await stage.settle();
    expect(link.words()).toEqual(['data ch=0 seq=1 chunks=b']);
  });

  it('keeps for the next turn what was read when the turn was full', async () => {
    const stage = new GatewayStage(logKinds[1]);
    const large = 'x'.repeat(50_000);
    const names = Array.from({ length: 30 }, (_, i) => `s${i}`);
    const link = stage.connect();
    for (const name of names) {
      stage.keep(name);
      link.subscribe(name, 0, 10, 1 << 20);
    }
    await stage.settle();
    for (const name of names) stage.keep(name, large);
    stage.turn();
    // All answers within one turn.
    while (stage.late!.answerOne());
    await stage.settle();
    expect(link.all('data')).toHaveLength(30);
    expect(link.largest).toBeLessThan(30);
  });
});
