import { describe, expect, it } from 'vitest';
import { drawScenario } from '../../../src/testing/simulate/draw-scenario.js';
import type { Rates, Scenario } from '../../../src/testing/simulate/scenario.js';
import { describeScenario } from '../../../src/testing/simulate/words.js';

const whole: Rates = {
  loss: 0,
  duplication: 0,
  reordering: 0,
  reorderMs: [1, 30],
  delayMs: [0, 0],
  cut: 0,
  halfOpen: 0,
};

const scenario: Scenario = {
  seed: 1,
  calmMs: 900,
  server: {
    pingMs: 300,
    maxFrame: 4096,
    window: { chunks: 8, bytes: 500 },
    restarts: [
      { atMs: 100, downMs: 50, abrupt: false, goodbyeMs: undefined },
      { atMs: 200, downMs: 30, abrupt: false, goodbyeMs: 300 },
      { atMs: 300, downMs: 20, abrupt: true, goodbyeMs: undefined },
    ],
  },
  streams: [
    { name: 's0', trims: [], cancel: undefined },
    { name: 's1', trims: [{ atMs: 5, keep: 1 }], cancel: { atMs: 70, client: 1 } },
  ],
  clients: [
    {
      name: 'c0',
      toServer: {
        ...whole,
        loss: 0.1,
        duplication: 0.05,
        reordering: 0.2,
        cut: 0.001,
        halfOpen: 0.002,
        delayMs: [5, 9],
      },
      toClient: whole,
      highWaterMark: 2048,
      pingMs: 100,
      retryMs: 200,
      gapMs: 30,
      connectMs: 400,
      backoff: { minMs: 10, maxMs: 80 },
      mishaps: [
        { kind: 'cut', atMs: 10 },
        { kind: 'swallow', atMs: 20, direction: 'toServer' },
        { kind: 'stall', atMs: 30, forMs: 40, direction: 'toClient' },
      ],
    },
  ],
  writers: [
    {
      name: 'w0',
      stream: 0,
      client: 0,
      producer: { id: 'p0', epoch: 1 },
      batches: [
        { atMs: 1, sizes: [9, 9] },
        { atMs: 8, sizes: [9] },
      ],
      close: { status: 'completed', batch: 0 },
    },
    { name: 'w1', stream: 1, client: 0, producer: undefined, batches: [{ atMs: 1, sizes: [9] }], close: undefined },
  ],
  readers: [
    {
      name: 'r0',
      stream: 1,
      client: 0,
      from: 7,
      atMs: 50,
      window: { chunks: 1, bytes: 20 },
      paceMs: [0, 6],
      onGap: 'skip',
      leaveAfter: 4,
      follows: undefined,
    },
    {
      name: 'r0+',
      stream: 1,
      client: 0,
      from: 'now',
      atMs: 50,
      window: { chunks: 2, bytes: 20 },
      paceMs: undefined,
      onGap: 'error',
      leaveAfter: undefined,
      follows: 'r0',
    },
  ],
};

describe('describeScenario', () => {
  it('says who takes part, and what befalls them', () => {
    const second = { ...scenario.clients[0]!, name: 'c1', toServer: whole, mishaps: [] };
    const lines = describeScenario({ ...scenario, clients: [...scenario.clients, second] });
    const times =
      'pings every 100 ms, repeats after 200, asks again after 30, gives up connecting after 400, waits up to 80 ms';
    const rates = '10 % lost, 5 % twice, 20 % up to 30 ms late, 0.1 % cut, 0.2 % dead, 5–9 ms';
    const mishaps = 'cut at 10 ms; dead to the server from 20 ms; nobody reads what goes from it from 30 ms for 40 ms';
    expect(lines).toEqual([
      'faults until 900 ms',
      'server: pings every 300 ms, writers may have 8 chunks and 500 bytes open, messages of 4096 bytes, ' +
        'closes at 100 ms and is gone for 50 ms, says goodbye at 200 ms and is gone for 30 ms, crashes at 300 ms and is gone for 20 ms',
      'stream s1: trimmed at 5 ms to its last 1 chunk, c1 cancels it from 70 ms on',
      `client c0: to the server ${rates}; from it at once; ${mishaps}; ${times}; 2048 bytes on the link`,
      `client c1: to the server at once; from it at once; ${times}; 2048 bytes on the link`,
      'writer w0 of c0 to s0: 3 chunks in 2 batches from 1 to 8 ms, as p0 of epoch 1, completed already with batch 1',
      'writer w1 of c0 to s1: 1 chunk in 1 batch from 1 to 1 ms',
      'reader r0 of c0 from s1: from chunk 7 at 50 ms, window of 1 chunk and 20 bytes, pulls every 0–6 ms, ' +
        'goes on behind gaps, leaves after 4',
      'reader r0+ of c0 from s1: from now when r0 has left, window of 2 chunks and 20 bytes, pushed to',
    ]);
  });

  it('finds words for every scenario', () => {
    for (let seed = 0; seed < 200; seed++) {
      const text = describeScenario(drawScenario(seed)).join('\n');
      expect(text).not.toMatch(/undefined|NaN|Infinity|\[object/);
    }
  });
});
