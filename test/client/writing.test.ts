import { describe, expect, it } from 'vitest';
import { frameBytes } from '../../src/protocol/index.js';
import { encodedText, encodedTexts } from '../bodies.js';
import { frameWords } from '../frame-words.js';
import { WritingRecorder } from './recorder.js';

const window = { chunks: 4, bytes: 10 };
const completed = { status: 'completed' } as const;

/** A writing, and the frames it has to send. */
function stage(seq = 0) {
  const writer = new WritingRecorder('s', 'p', 2, seq);
  const { writing } = writer;
  const frames = (now = 0, maxFrame = 65_536) => {
    const words: string[] = [];
    for (let frame = writing.frame(window, maxFrame, now); frame; frame = writing.frame(window, maxFrame, now)) {
      expect(frame.chunks.length <= 1 || frameBytes(frame) <= maxFrame).toBe(true);
      words.push(frameWords(frame).replace('publish stream=s producer=p epoch=2 ', ''));
    }
    return words;
  };
  return { ...writer, told: () => writer.told(), writing, frames };
}

describe('Writing', () => {
  it('has nothing to send at first', () => {
    const { writing, frames } = stage();
    expect(writing).toMatchObject({ due: false, pending: 0, end: 0, sentAt: undefined });
    expect(frames()).toEqual([]);
  });

  it('counts from the number it was given', () => {
    const { writing, frames } = stage(7);
    writing.push(encodedTexts('a', 'b'), undefined);
    expect(writing).toMatchObject({ due: true, pending: 2, end: 9 });
    expect(frames()).toEqual(['seq=7 chunks=a,b']);
    expect(writing.due).toBe(false);
  });

  describe('the window', () => {
    it.each([
      [['a', 'b', 'c', 'd', 'e'], 'a,b,c,d', 'its chunks'],
      [['aaaa', 'bbbbbb', 'c'], 'aaaa,bbbbbb', 'its bytes'],
      [['aaaa', 'bbbbbbb', 'c'], 'aaaa', 'its bytes, the next being too many'],
      [['a'.repeat(50), 'b'], 'a'.repeat(50), 'one chunk, however large'],
    ])('of 4 chunks and 10 bytes takes of %j: %s, for %s', (datas, taken) => {
      const { writing, frames } = stage();
      writing.push(encodedTexts(...datas), undefined);
      expect(frames()).toEqual([`seq=0 chunks=${taken}`]);
    });

    it('counts what is under way', () => {
      const { writing, frames } = stage();
      writing.push(encodedTexts('aaaa', 'bbb'), undefined);
      frames();
      writing.push(encodedTexts('cc', 'dd'), undefined);
      expect(frames()).toEqual(['seq=2 chunks=cc']);
      writing.acked(1, 1, false, 0);
      expect(frames()).toEqual(['seq=3 chunks=dd']);
    });
  });

  describe('the size of a message', () => {
    it('parts what does not fit one', () => {
      const { writing, frames } = stage();
      writing.push(encodedTexts('a', 'b', 'c'), undefined);
      const { length } = encodedText('a');
      const bare = frameBytes({ t: 'publish', stream: 's', producer: 'p', epoch: 2, seq: 0, chunks: [] });
      expect(frames(0, bare + 2 * (length + 1))).toEqual(['seq=0 chunks=a,b', 'seq=2 chunks=c']);
    });

    it('gives the end a frame of its own when it does not fit with the chunks', () => {
      const { writing, frames } = stage();
      const reason = 'r'.repeat(100);
      writing.push(encodedTexts('a', 'b'), { status: 'failed', reason });
      const { length } = encodedText('a');
      const bare = frameBytes({ t: 'publish', stream: 's', producer: 'p', epoch: 2, seq: 0, chunks: [] });
      expect(frames(0, bare + 2 * (length + 1))).toEqual([
        'seq=0 chunks=a,b',
        `seq=2 chunks= close={"status":"failed","reason":"${reason}"}`,
      ]);
    });

    it('has a limit that a chunk may be beyond: that is an error, once nothing is under way', () => {
      const { writing, frames } = stage();
      expect(writing.tooLarge(100)).toBeUndefined();
      writing.push(encodedTexts('a', 'x'.repeat(200)), undefined);
      expect(frames(0, 200)).toEqual(['seq=0 chunks=a']);
      expect(writing.tooLarge(200)).toBeUndefined();
      writing.acked(1, 1, false, 0);
      expect(frames(0, 200)).toEqual([]);
      expect(writing.tooLarge(200)).toMatchObject({ code: 'chunk-too-large', details: { streamId: 's', seq: 1 } });
    });
  });

  describe('the end', () => {
    it('goes with the last chunks', () => {
      const { writing, frames, told } = stage();
      writing.push(encodedTexts('a', 'b'), completed);
      expect(frames()).toEqual(['seq=0 chunks=a,b close={"status":"completed"}']);
      writing.acked(2, 9, true, 5);
      expect(told()).toEqual(['acked 2 9 closed']);
      expect(writing).toMatchObject({ due: false, pending: 0, sentAt: undefined });
    });

    it('goes alone when there are none, and waits for the window when there are', () => {
      const { writing, frames } = stage();
      writing.push([], completed);
      expect(frames()).toEqual(['seq=0 chunks= close={"status":"completed"}']);
      const other = stage();
      other.writing.push(encodedTexts('a', 'b', 'c', 'd', 'e'), completed);
      expect(other.frames()).toEqual(['seq=0 chunks=a,b,c,d']);
      other.writing.acked(4, 4, false, 0);
      expect(other.frames()).toEqual(['seq=4 chunks=e close={"status":"completed"}']);
    });

    it('is sent again when its chunks are acknowledged and it is not', () => {
      const { writing, frames } = stage();
      writing.push(encodedTexts('a'), completed);
      frames();
      writing.acked(1, 1, false, 3);
      expect(writing.sentAt).toBe(3);
      writing.rewind();
      expect(frames(8)).toEqual(['seq=1 chunks= close={"status":"completed"}']);
      expect(writing.sentAt).toBe(8);
    });
  });

  describe('an empty push', () => {
    it('is a frame of its own, for the stream it creates, until it is answered', () => {
      const { writing, frames, told } = stage();
      writing.push([], undefined);
      expect(frames()).toEqual(['seq=0 chunks=']);
      expect(frames()).toEqual([]);
      writing.rewind();
      expect(frames()).toEqual(['seq=0 chunks=']);
      expect(writing.acked(0, 4, false, 0)).toBe(true);
      expect(told()).toEqual(['acked 0 4']);
      writing.rewind();
      expect(frames()).toEqual([]);
    });

    it('is none behind chunks: their acknowledgement answers it', () => {
      const { writing, frames } = stage();
      writing.push(encodedTexts('a'), undefined);
      writing.push([], undefined);
      expect(frames()).toEqual(['seq=0 chunks=a']);
    });
  });

  describe('an acknowledgement', () => {
    it('lets go of what is kept, and says so once', () => {
      const { writing, frames, told } = stage();
      writing.push(encodedTexts('a', 'b', 'c'), undefined);
      frames();
      expect(writing.acked(2, 12, false, 5)).toBe(true);
      expect(writing).toMatchObject({ pending: 1, end: 3, sentAt: 5 });
      expect(writing.acked(2, 12, false, 6)).toBe(false);
      expect(writing.acked(1, 11, false, 6)).toBe(false);
      expect(told()).toEqual(['acked 2 12']);
    });

    it('may be of what was kept before it could be sent on this connection', () => {
      const { writing, frames, told } = stage();
      writing.push(encodedTexts('a', 'b', 'c'), undefined);
      frames();
      writing.rewind();
      expect(writing.acked(2, 12, false, 0)).toBe(true);
      expect(frames()).toEqual(['seq=2 chunks=c']);
      expect(told()).toEqual(['acked 2 12']);
    });

    it('of more than there is acknowledges what there is', () => {
      const { writing, told } = stage();
      writing.push(encodedTexts('a'), undefined);
      writing.acked(99, 99, false, 0);
      expect(told()).toEqual(['acked 1 99']);
      expect(writing).toMatchObject({ pending: 0, end: 1 });
    });
  });

  it('says when something was first sent that is not acknowledged', () => {
    const { writing, frames } = stage();
    writing.push(encodedTexts('a'), undefined);
    frames(5);
    writing.push(encodedTexts('b'), undefined);
    frames(9);
    expect(writing.sentAt).toBe(5);
    writing.rewind();
    expect(writing.sentAt).toBeUndefined();
    expect(frames(12)).toEqual(['seq=0 chunks=a,b']);
    expect(writing.sentAt).toBe(12);
  });

  it('has nothing left when it has failed', () => {
    const { writing, frames, told } = stage();
    writing.push(encodedTexts('a'), completed);
    writing.fail(Object.assign(new Error('gone'), { code: 'internal', details: {} }) as never);
    expect(told()).toEqual(['failed internal: gone']);
    expect(writing).toMatchObject({ due: false, pending: 0 });
    expect(frames()).toEqual([]);
    writing.stopped('enough');
    expect(told()).toEqual(['stopped enough']);
  });
});
