import { describe, expect, it } from 'vitest';
import type { EncodedChunk } from '../../../src/chunk/index.js';
import type { OutgoingFrame, ServerFrame } from '../../../src/protocol/index.js';
import type { Finding } from '../../../src/testing/simulate/finding.js';
import { FlightLedger } from '../../../src/testing/simulate/flight-ledger.js';

function stage() {
  const findings: Finding[] = [];
  const ledger = new FlightLedger(
    'c0',
    2,
    () => 5,
    (finding) => findings.push(finding),
  );
  return {
    says: (...frames: OutgoingFrame[]) => {
      ledger.says(frames);
      return findings.splice(0).map(({ what }) => what);
    },
    hears: (...frames: ServerFrame[]) => ledger.hears(frames),
  };
}

const publish = (seq: number, count: number, { producer = 'c0', epoch = 0 } = {}): OutgoingFrame => ({
  t: 'publish',
  stream: 's',
  producer,
  epoch,
  seq,
  chunks: Array.from({ length: count }, () => ({}) as EncodedChunk),
});
const ack = (seq: number): ServerFrame => ({ t: 'ack', stream: 's', producer: 'c0', epoch: 0, seq, next: seq });

describe('FlightLedger', () => {
  it('sees more chunks on their way than the window allows', () => {
    const { says } = stage();
    expect(says(publish(0, 1), publish(1, 1))).toEqual([]);
    expect(says(publish(2, 1))).toEqual(['c0 has 3 chunks on their way, and its window is 2']);
  });

  it('counts what is kept no more, and what is sent again once', () => {
    const { says, hears } = stage();
    says(publish(0, 2));
    hears(ack(1));
    expect(says(publish(1, 1), publish(1, 2))).toEqual([]);
    expect(says(publish(3, 1))).toHaveLength(1);
  });

  it('counts every epoch for itself, and its own name only', () => {
    const { says } = stage();
    expect(says(publish(0, 2), publish(0, 2, { epoch: 1 }), publish(0, 9, { producer: 'p0' }))).toEqual([]);
  });
});
