import { describe, expect, it } from 'vitest';
import { StreamError } from '../../src/chunk/index.js';
import { Packer } from '../../src/client/packer.js';
import { Writings } from '../../src/client/writings.js';
import { encodedText, encodedTexts } from '../bodies.js';
import { frameWords } from '../frame-words.js';
import { welcome, WritingRecorder } from './recorder.js';

function made(...writers: readonly WritingRecorder[]) {
  const writings = new Writings();
  const begun = writers.map(({ writing }) => writings.begin(writing));
  const sent = (maxFrame = welcome.maxFrame) => {
    const words: string[] = [];
    const message = new Packer(maxFrame, (frames) => {
      words.push(...frames.map(frameWords));
      return true;
    });
    writings.flush(message, { ...welcome, maxFrame }, 0);
    message.finish();
    return words;
  };
  return { writings, begun, sent };
}
const refusal = { t: 'error', code: 'internal', message: '', stream: 's', producer: 'p' } as const;

describe('Writings', () => {
  it('let the newest life of a producer write', () => {
    const [first, second, late] = [
      new WritingRecorder('s', 'p', 1),
      new WritingRecorder('s', 'p', 2),
      new WritingRecorder(),
    ];
    const { writings, begun } = made(first, second, late);
    expect(begun).toEqual([true, true, false]);
    expect(first.told()).toEqual(['failed producer-fenced: stream "s": epoch 1 of "p" is over, 2 is in force']);
    expect(late.told()).toHaveLength(1);
    writings.end(first.writing);
    expect(writings.empty).toBe(false);
    writings.end(second.writing);
    expect(writings.empty).toBe(true);
  });

  it('send what is ready, and fail what fits no message', () => {
    const [small, large] = [new WritingRecorder('s'), new WritingRecorder('t')];
    const { writings, sent } = made(small, large);
    small.writing.push(encodedTexts('a'), undefined);
    large.writing.push([encodedText('x'.repeat(500))], undefined);
    expect(sent(300)).toHaveLength(1);
    expect(large.told()[0]).toContain('chunk-too-large');
    expect(writings.retry(0, 0)).toBe(true);
    expect(sent()).toHaveLength(1);
    expect(writings.retry(-1, 0)).toBe(false);
    writings.rewind();
    expect(sent()).toHaveLength(1);
  });

  it('hear what became of it: of the same life only', () => {
    const writer = new WritingRecorder();
    const { writings, sent } = made(writer);
    writer.writing.push(encodedTexts('a'), undefined);
    sent();
    const ack = { t: 'ack', stream: 's', producer: 'p', epoch: 0, seq: 1, next: 1 } as const;
    expect(writings.acked({ ...ack, epoch: 1 }, 0)).toEqual({ known: false, more: false });
    expect(writings.acked(ack, 0)).toEqual({ known: true, more: true });
    expect(writings.acked(ack, 0)).toEqual({ known: true, more: false });
    writings.stopped('t', 'no');
    writings.stopped('s', 'enough');
    expect(writer.told()).toEqual(['acked 1 1', 'stopped enough']);
  });

  it('wait, go back or fail when they are refused, as the word is', () => {
    const writer = new WritingRecorder();
    const { writings, sent } = made(writer);
    writer.writing.push(encodedTexts('a'), undefined);
    sent();
    const refused = (code: StreamError['code'], frame: object = {}, expected?: number) =>
      writings.refused(
        { ...refusal, ...frame },
        new StreamError(code, '', expected === undefined ? {} : { expected }),
        50,
      );
    expect(refused('internal', { epoch: 7 })).toBe(false);
    expect(refused('overflow')).toBe(false);
    expect(refused('sequence-gap', {}, 0)).toBe(true);
    expect(sent()).toHaveLength(1);
    expect(refused('rate-limited')).toBe(false);
    expect([writer.told(), writings.empty]).toEqual([[], false]);
    expect([writings.retry(-1, 49), writings.retry(-1, 50)]).toEqual([false, true]);
    expect(refused('stream-closed')).toBe(false);
    expect([writer.told(), writings.empty]).toEqual([['failed stream-closed: '], true]);
    expect(refused('internal')).toBe(false);
  });

  it('fail all together', () => {
    const writers = [new WritingRecorder('s'), new WritingRecorder('t')];
    const { writings } = made(...writers);
    writings.fail(new StreamError('client-closed', 'over'));
    expect(writers.map((writer) => writer.told())).toEqual([
      ['failed client-closed: over'],
      ['failed client-closed: over'],
    ]);
    expect(writings.empty).toBe(true);
  });
});
