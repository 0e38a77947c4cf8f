import { describe, expect, it } from 'vitest';
import { GatewayStage, logKinds } from './stage.js';

describe.each(logKinds)('Feed: repairs from a %s', (kind) => {
  async function read(...datas: string[]) {
    const stage = new GatewayStage(kind);
    stage.keep('s', ...datas);
    const link = stage.connect();
    link.subscribe('s', 0, 10_000, 1 << 24);
    await stage.settle();
    link.words();
    const nack = async (...ranges: [number, number][]) => {
      link.say({ t: 'nack', ch: 0, ranges });
      await stage.settle();
      return link.words();
    };
    return { stage, link, nack };
  }

  it('sends again what is asked for, range by range', async () => {
    const { nack } = await read('a', 'b', 'c', 'd');
    expect(await nack([0, 1], [2, 4])).toEqual(['data ch=0 seq=0 chunks=a', 'data ch=0 seq=2 chunks=c,d']);
  });

  it('says which of it is no longer kept', async () => {
    const { stage, nack } = await read('a', 'b', 'c', 'd');
    stage.kept.trim('s', 2);
    await stage.settle();
    expect(await nack([0, 1], [1, 4])).toEqual([
      'gap ch=0 from=0 to=1 reason=trimmed',
      'gap ch=0 from=1 to=2 reason=trimmed',
      'data ch=0 seq=2 chunks=c,d',
    ]);
  });

  it('are counted for each reader: holes, what was asked for, what was sent again, what is lost', async () => {
    const { stage, nack } = await read('a', 'b', 'c', 'd');
    await nack([0, 1], [2, 4]);
    await nack([2, 4]);
    stage.kept.trim('s', 1);
    await nack([0, 1]);
    await nack([0, 1]);
    expect(stage.gateway.connections()[0]!.reading[0]!.gaps).toEqual({ holes: 2, asked: 7, resent: 5, lost: 1 });
  });

  it('takes no credit', async () => {
    const stage = new GatewayStage(kind);
    stage.keep('s', 'a', 'b', 'c');
    const link = stage.connect();
    link.subscribe('s', 0, 2, 9);
    await stage.settle();
    link.words();
    link.say({ t: 'nack', ch: 0, ranges: [[0, 2]] });
    await stage.settle();
    link.say({ t: 'credit', ch: 0, chunks: 3, bytes: 9 });
    await stage.settle();
    expect(link.words()).toEqual(['data ch=0 seq=0 chunks=a,b', 'data ch=0 seq=2 chunks=c']);
  });

  it('is cut short behind one frame of bytes; the rest is had by asking again', async () => {
    const large = 'x'.repeat(20_000);
    const { link, nack } = await read(large, large, large, large, large);
    const had = (frames: string[]) => frames.map((words) => /seq=(\d+)/.exec(words)![1]);
    expect(had(await nack([0, 1], [1, 2], [2, 3], [3, 4], [4, 5]))).toEqual(['0', '1', '2']);
    expect(had(await nack([3, 5]))).toEqual(['3']);
    expect(link.all('data').at(-1)!.chunks).toHaveLength(2);
  });

  it('fails the reader when the log cannot be read', async () => {
    const { stage, nack } = await read('a');
    stage.kept.read = () => {
      throw new Error('the disk is gone');
    };
    expect(await nack([0, 1])).toEqual(['error code=internal message=the disk is gone stream=s ch=0']);
  });
});

describe('Feed: late repairs', () => {
  it('are made one at a time: who asks again meanwhile must ask again later', async () => {
    const stage = new GatewayStage(logKinds[1]);
    stage.keep('s', 'a', 'b');
    const link = stage.connect();
    link.subscribe('s');
    await stage.settle();
    link.words();
    link.say({ t: 'nack', ch: 0, ranges: [[0, 1]] });
    link.say({ t: 'nack', ch: 0, ranges: [[1, 2]] });
    await stage.settle();
    expect(link.words()).toEqual(['data ch=0 seq=0 chunks=a']);
    link.say({ t: 'nack', ch: 0, ranges: [[1, 2]] });
    await stage.settle();
    expect(link.words()).toEqual(['data ch=0 seq=1 chunks=b']);
  });

  it('are not sent to who has left', async () => {
    const stage = new GatewayStage(logKinds[1]);
    stage.keep('s', 'a');
    const link = stage.connect();
    link.subscribe('s');
    await stage.settle();
    link.words();
    link.say({ t: 'nack', ch: 0, ranges: [[0, 1]] }, { t: 'unsubscribe', ch: 0 });
    await stage.settle();
    expect(link.words()).toEqual(['unsubscribed ch=0']);
  });
});
