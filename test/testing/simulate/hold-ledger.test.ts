import { describe, expect, it } from 'vitest';
import type { ChunkBody } from '../../../src/chunk/index.js';
import type { ServerFrame } from '../../../src/protocol/index.js';
import type { Finding } from '../../../src/testing/simulate/finding.js';
import { HoldLedger } from '../../../src/testing/simulate/hold-ledger.js';

function stage() {
  const findings: Finding[] = [];
  const ledger = new HoldLedger(
    () => 5,
    (finding) => findings.push(finding),
  );
  ledger.begins('s', 'r0', 2);
  ledger.hears([{ t: 'subscribed', stream: 's', ch: 1, seq: 0 }]);
  return {
    ledger,
    inspect: () => {
      ledger.inspect();
      return findings.splice(0);
    },
  };
}

const body = {} as ChunkBody;
const data = (seq: number, count: number, ch = 1): ServerFrame => ({
  t: 'data',
  ch,
  seq,
  chunks: Array.from({ length: count }, () => body),
});
const tooMany = { at: 5, what: '3 chunks wait for r0, and its window is 2', stream: 's', reader: 'r0', seq: 0 };

describe('HoldLedger', () => {
  it('sees more chunks than the window holds', () => {
    const { ledger, inspect } = stage();
    ledger.hears([data(0, 2)]);
    expect(inspect()).toEqual([]);
    ledger.hears([data(2, 1)]);
    expect(inspect()).toEqual([tooMany]);
    expect(inspect(), 'once').toEqual([]);
  });

  it('counts a chunk once, however often it comes, and those consumed not at all', () => {
    const { ledger, inspect } = stage();
    ledger.hears([data(0, 2), data(0, 2)]);
    ledger.consumed('s', 1);
    ledger.hears([data(0, 1), data(2, 1)]);
    expect(inspect()).toEqual([]);
  });

  it('lets the consumers have their turn before it looks', () => {
    const { ledger, inspect } = stage();
    ledger.hears([data(0, 3)]);
    ledger.consumed('s', 1);
    expect(inspect()).toEqual([]);
  });

  it('looks at nothing that nobody waits for', () => {
    const { ledger, inspect } = stage();
    ledger.hears([data(0, 9, 2)]);
    ledger.ends('s');
    ledger.consumed('s', 1);
    ledger.hears([data(0, 9)]);
    expect(inspect()).toEqual([]);
  });

  it('knows channels from one connection only', () => {
    const { ledger, inspect } = stage();
    const window = { chunks: 1, bytes: 1 };
    ledger.hears([{ t: 'welcome', protocol: 'sluice.v1', session: 'x', maxFrame: 1, pingMs: 1, window }, data(0, 9)]);
    expect(inspect()).toEqual([]);
  });
});
