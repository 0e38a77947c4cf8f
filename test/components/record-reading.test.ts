import { describe, expect, it } from 'vitest';
import { createRecording } from 'sluice/marble';
import type { OutgoingFrame, ServerFrame } from 'sluice/protocol';
import { recordReading } from '../../src/components/record-reading.js';
import { textBodies } from '../bodies.js';

function stage() {
  const recording = createRecording();
  const listener = recordReading(recording, 's', () => 7);
  const told = () =>
    recording.events.map((event) =>
      'seq' in event ? `${event.type} ${event.seq}` : `${event.type} ${'chunks' in event ? event.chunks : ''}`,
    );
  return {
    told,
    came: (...frames: ServerFrame[]) => frames.forEach((frame) => listener.received(frame)),
    went: (...frames: OutgoingFrame[]) => frames.forEach((frame) => listener.sent(frame)),
  };
}

const subscribed = { t: 'subscribed', stream: 's', ch: 3, seq: 5 } as const;
const data = (seq: number, ...texts: string[]) => ({ t: 'data', ch: 3, seq, chunks: textBodies(...texts) }) as const;

describe('recordReading', () => {
  it('records what arrives on the channel of its stream', () => {
    const { came, told } = stage();
    came(data(1, 'before'), { ...subscribed, stream: 'other', ch: 4 }, subscribed, data(5, 'a', 'b'), data(8, 'd'));
    came({ ...data(9, 'x'), ch: 4 }, data(5, 'a'));
    expect(told()).toEqual(['arrived 5', 'arrived 6', 'early 8', 'duplicate 5']);
  });

  it('records credit as what was added to it, wherever it is said', () => {
    const { came, went, told } = stage();
    went({ t: 'subscribe', stream: 'other', from: 'now', chunks: 9, bytes: 1 });
    went({ t: 'subscribe', stream: 's', from: 'now', chunks: 64, bytes: 1 });
    came(subscribed);
    went({ t: 'credit', ch: 3, chunks: 80, bytes: 1 }, { t: 'credit', ch: 4, chunks: 999, bytes: 1 });
    went({
      t: 'ping',
      grants: [
        [4, 99, 1],
        [3, 80, 1],
        [3, 90, 1],
      ],
    });
    went({ t: 'subscribe', stream: 's', from: 7, chunks: 64, bytes: 1 });
    expect(told()).toEqual(['credit 64', 'credit 16', 'credit 10', 'credit 64']);
  });

  it('knows what was asked for again', () => {
    const { came, went, told } = stage();
    came(subscribed, data(6, 'b'));
    went({ t: 'nack', ch: 4, ranges: [[5, 6]] }, { t: 'nack', ch: 3, ranges: [[5, 6]] });
    came(data(5, 'a'));
    expect(told()).toEqual(['early 6', 'repaired 5']);
  });
});
