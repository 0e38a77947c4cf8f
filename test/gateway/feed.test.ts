import { describe, expect, it } from 'vitest';
import { GatewayStage, logKinds } from './stage.js';

describe.each(logKinds)('Feed over a %s', (kind) => {
  it('sends what is kept, then what comes, then the end', async () => {
    const stage = new GatewayStage(kind);
    stage.keep('s', 'a', 'b');
    const link = stage.connect();
    link.subscribe('s');
    await stage.settle();
    expect(link.words()).toEqual(['subscribed stream=s from=beginning ch=0 seq=0', 'data ch=0 seq=0 chunks=a,b']);
    stage.keep('s', 'c');
    await stage.settle();
    stage.end('s');
    await stage.settle();
    expect(link.words()).toEqual(['data ch=0 seq=2 chunks=c', 'end ch=0 seq=3 status=completed']);
  });

  it('begins where the reader asks', async () => {
    const stage = new GatewayStage(kind);
    stage.keep('s', 'a', 'b');
    const [late, middle, future] = [stage.connect(), stage.connect(), stage.connect()];
    late.subscribe('s', 'now');
    middle.subscribe('s', 1);
    future.subscribe('s', 3);
    await stage.settle();
    stage.keep('s', 'c', 'd');
    await stage.settle();
    expect(late.words()).toEqual(['subscribed stream=s from=now ch=0 seq=2', 'data ch=0 seq=2 chunks=c,d']);
    expect(middle.words().join(' ')).toMatch(/seq=1 data ch=0 seq=1 chunks=b data ch=0 seq=2 chunks=c,d$/);
    expect(future.words()).toEqual(['subscribed stream=s from=3 ch=0 seq=3', 'data ch=0 seq=3 chunks=d']);
  });

  it('gives readers at the same place the same frame, and so one encoding', async () => {
    const stage = new GatewayStage(kind);
    stage.keep('s');
    const links = [stage.connect(), stage.connect(), stage.connect()];
    for (const link of links) link.subscribe('s');
    await stage.settle();
    stage.keep('s', 'a');
    await stage.settle();
    const [first, second, third] = links.map((link) => link.all('data')[0]);
    expect(first).toBeDefined();
    expect(second).toBe(first);
    expect(third).toBe(first);
  });

  it('sends what credit allows, and goes on when there is more', async () => {
    const stage = new GatewayStage(kind);
    stage.keep('s', 'a', 'b', 'c', 'd');
    const link = stage.connect();
    link.subscribe('s', 0, 2, 100);
    await stage.settle();
    expect(link.words()).toEqual(['subscribed stream=s from=0 ch=0 seq=0', 'data ch=0 seq=0 chunks=a,b']);
    link.say({ t: 'credit', ch: 0, chunks: 2, bytes: 200 });
    await stage.settle();
    expect(link.words()).toEqual([]);
    link.say({ t: 'credit', ch: 0, chunks: 3, bytes: 200 });
    await stage.settle();
    expect(link.words()).toEqual(['data ch=0 seq=2 chunks=c']);
  });

  it('serves a reader whose credit comes while others are read for', async () => {
    const stage = new GatewayStage(kind);
    stage.keep('s');
    const [rich, poor] = [stage.connect(), stage.connect()];
    rich.subscribe('s');
    poor.subscribe('s', 0, 0, 0);
    await stage.settle();
    stage.keep('s', 'a');
    stage.turn();
    poor.say({ t: 'credit', ch: 0, chunks: 9, bytes: 9 });
    stage.turn();
    await stage.settle();
    expect(poor.words()).toEqual(['subscribed stream=s from=0 ch=0 seq=0', 'data ch=0 seq=0 chunks=a']);
  });

  describe('the end', () => {
    it('comes without credit, when everything was sent', async () => {
      const stage = new GatewayStage(kind);
      stage.keep('s', 'a', 'b');
      const link = stage.connect();
      link.subscribe('s', 0, 2, 2);
      await stage.settle();
      link.words();
      stage.end('s');
      await stage.settle();
      expect(link.words()).toEqual(['end ch=0 seq=2 status=completed']);
    });

    it('comes without any credit ever, when there is nothing to send', async () => {
      const stage = new GatewayStage(kind);
      stage.keep('s');
      stage.end('s');
      const link = stage.connect();
      link.subscribe('s', 'beginning', 0, 0);
      await stage.settle();
      expect(link.words()).toEqual([
        'subscribed stream=s from=beginning ch=0 seq=0',
        'end ch=0 seq=0 status=completed',
      ]);
    });

    it('is said once, also when the log changes afterwards', async () => {
      const stage = new GatewayStage(kind);
      stage.keep('s', 'a', 'b');
      stage.end('s');
      const link = stage.connect();
      link.subscribe('s');
      await stage.settle();
      stage.kept.trim('s', 1);
      await stage.settle();
      expect(link.all('end')).toHaveLength(1);
    });

    it('waits for the credit of the last chunk', async () => {
      const stage = new GatewayStage(kind);
      stage.keep('s', 'a', 'b');
      const link = stage.connect();
      link.subscribe('s', 0, 1, 9);
      await stage.settle();
      stage.end('s');
      await stage.settle();
      expect(link.words()).toEqual(['subscribed stream=s from=0 ch=0 seq=0', 'data ch=0 seq=0 chunks=a']);
      link.say({ t: 'credit', ch: 0, chunks: 2, bytes: 9 });
      await stage.settle();
      expect(link.words()).toEqual(['data ch=0 seq=1 chunks=b', 'end ch=0 seq=2 status=completed']);
    });

    it('comes to every reader, each where it is', async () => {
      const stage = new GatewayStage(kind);
      stage.keep('s', 'a', 'b', 'c');
      const links = [0, 1, 2, 3, 7].map((from) => {
        const link = stage.connect();
        link.subscribe('s', from);
        return link;
      });
      stage.end('s');
      await stage.settle();
      expect(links.map((link) => link.all('end').map(({ seq }) => seq))).toEqual([[3], [3], [3], [3], [7]]);
    });
  });

  it('reads no chunk for a reader without credit, however much is kept', async () => {
    const stage = new GatewayStage(kind);
    stage.keep('s', 'a');
    const link = stage.connect();
    link.subscribe('s', 0, 1, 9);
    await stage.settle();
    let reads = 0;
    const { read } = stage.log;
    stage.log.read = (...args) => {
      reads++;
      return read.apply(stage.log, args);
    };
    for (let i = 0; i < 10; i++) {
      stage.keep('s', 'b');
      await stage.settle();
    }
    // One look at the tail, for an end that might have come.
    expect(reads).toBe(1);
  });

  it('holds back for a slow link, and for nobody else', async () => {
    const stage = new GatewayStage(kind);
    stage.keep('s', 'a');
    const [slow, quick] = [stage.connect(), stage.connect()];
    for (const link of [slow, quick]) link.subscribe('s');
    await stage.settle();
    slow.writable = false;
    stage.keep('s', 'b');
    await stage.settle();
    for (const link of [slow, quick]) link.words();
    for (const data of ['c', 'd']) {
      stage.keep('s', data);
      await stage.settle();
    }
    expect(slow.words()).toEqual([]);
    expect(quick.words()).toEqual(['data ch=0 seq=2 chunks=c', 'data ch=0 seq=3 chunks=d']);
    slow.writable = true;
    slow.events.drained();
    await stage.settle();
    expect(slow.words()).toEqual(['data ch=0 seq=2 chunks=c,d']);
  });

  it('reads nothing for a link that has no room, however much comes, and goes on when it may have', async () => {
    const stage = new GatewayStage(kind);
    const link = stage.connect();
    link.room = 0;
    for (const name of ['s', 't']) {
      stage.keep(name, 'a');
      link.subscribe(name);
    }
    await stage.settle();
    expect(link.all('data')).toEqual([]);
    let reads = 0;
    const { read } = stage.log;
    stage.log.read = (...args) => {
      reads++;
      return read.apply(stage.log, args);
    };
    for (const data of ['b', 'c', 'd']) {
      for (const name of ['s', 't']) stage.keep(name, data);
      await stage.settle();
    }
    expect(reads).toBe(0);
    // It was mistaken, then it is not.
    for (const room of [0, Infinity]) {
      link.room = room;
      link.events.drained();
      await stage.settle();
    }
    expect(link.words().slice(2)).toEqual(['data ch=0 seq=0 chunks=a,b,c,d', 'data ch=1 seq=0 chunks=a,b,c,d']);
  });

  it('tells a reader that is too slow for the log which chunks it has missed', async () => {
    const stage = new GatewayStage(kind);
    stage.keep('s', 'a', 'b', 'c', 'd');
    const link = stage.connect();
    link.subscribe('s', 0, 1, 100);
    await stage.settle();
    stage.kept.trim('s', 3);
    link.say({ t: 'credit', ch: 0, chunks: 9, bytes: 100 });
    await stage.settle();
    expect(link.words()).toEqual([
      'subscribed stream=s from=0 ch=0 seq=0',
      'data ch=0 seq=0 chunks=a',
      'gap ch=0 from=1 to=3 reason=trimmed',
      'data ch=0 seq=3 chunks=d',
    ]);
  });

  it('sends a long backlog one batch a turn, so that no other stream waits for it', async () => {
    const stage = new GatewayStage(kind);
    const many = Array.from({ length: 2000 }, (_, i) => `${i}`);
    stage.keep('long', ...many);
    stage.keep('short', 'x');
    const [one, other] = [stage.connect(), stage.connect()];
    one.subscribe('long', 0, 5000);
    other.subscribe('short');
    await stage.settle();
    const first = one.all('data')[0]!;
    expect(first.chunks).toHaveLength(512);
    expect(one.all('data').flatMap(({ chunks }) => chunks)).toHaveLength(2000);
    expect(one.messages).toBeGreaterThanOrEqual(4);
    expect(other.words().at(-1)).toBe('data ch=1 seq=0 chunks=x');
  });

  it('gives one connection a share of a turn only, however many streams it reads', async () => {
    const stage = new GatewayStage(kind);
    const large = 'x'.repeat(50_000);
    const names = Array.from({ length: 60 }, (_, i) => `s${i}`);
    for (const name of names) stage.keep(name, large);
    const link = stage.connect();
    let reads = 0;
    const { read } = stage.log;
    stage.log.read = (...args) => {
      reads++;
      return read.apply(stage.log, args);
    };
    for (const name of names) link.subscribe(name, 0, 10, 1 << 20);
    await stage.settle();
    expect(link.all('data')).toHaveLength(60);
    // A share is 1 MiB: 21 of these chunks. Beside them there is the welcome, and an answer to each request.
    const answers = stage.late === undefined ? 61 : 0;
    expect(link.largest).toBeLessThanOrEqual(21 + answers);
    // What the share has no room for is not even read.
    expect(reads).toBeLessThanOrEqual(120);
  });

  it('serves a reader that comes while a turn ends', async () => {
    const stage = new GatewayStage(kind);
    stage.keep('s', 'a');
    const [one, other] = [stage.connect(), stage.connect()];
    let joined = false;
    one.send = () => {
      if (!joined) other.subscribe('s');
      joined = true;
    };
    one.subscribe('s');
    await stage.settle();
    expect(other.words()).toEqual(['subscribed stream=s from=beginning ch=0 seq=0', 'data ch=0 seq=0 chunks=a']);
  });

  it('tells producers how far its slowest reader is, until that has left or ended', async () => {
    const stage = new GatewayStage(kind);
    const { readers } = stage.streams;
    stage.keep('s', 'a', 'b', 'c');
    const [fast, slow] = [stage.connect(), stage.connect()];
    const seen: (number | undefined)[] = [];
    readers.watch('s', () => seen.push(readers.slowest('s')));
    fast.subscribe('s');
    slow.subscribe('s', 0, 1, 100);
    await stage.settle();
    expect(readers.slowest('s')).toBe(1);
    slow.say({ t: 'credit', ch: 0, chunks: 2, bytes: 100 });
    await stage.settle();
    expect(seen.at(-1)).toBe(2);
    slow.say({ t: 'unsubscribe', ch: 0 });
    expect(seen.at(-1)).toBe(3);
    stage.end('s');
    await stage.settle();
    expect(readers.slowest('s')).toBeUndefined();
    fast.say({ t: 'unsubscribe', ch: 0 });
    expect(readers.slowest('s')).toBeUndefined();
  });
});
