import { describe, expect, it } from 'vitest';
import { drawScenario } from '../../../src/testing/simulate/draw-scenario.js';

const scenarios = Array.from({ length: 500 }, (_, seed) => drawScenario(seed));

describe('drawScenario', () => {
  it('draws the same for the same seed', () => {
    expect(drawScenario(42)).toEqual(scenarios[42]);
    expect(drawScenario(43)).not.toEqual(scenarios[42]);
  });

  it('draws only what fits together', () => {
    for (const { streams, clients, writers, readers, calmMs } of scenarios) {
      for (const { stream, client } of [...writers, ...readers]) {
        expect(streams[stream]).toBeDefined();
        expect(clients[client]).toBeDefined();
      }
      for (const { batches } of writers) {
        expect(batches.map(({ atMs }) => atMs)).toEqual(batches.map(({ atMs }) => atMs).toSorted((a, b) => a - b));
      }
      for (const { follows, stream, client } of readers.filter((reader) => reader.follows !== undefined)) {
        expect(readers.find(({ name }) => name === follows)).toMatchObject({ stream, client });
      }
      for (const { mishaps } of clients) for (const { atMs } of mishaps) expect(atMs).toBeLessThanOrEqual(calmMs);
    }
  });

  it('gives every stream somebody who ends it', () => {
    for (const { streams, writers } of scenarios) {
      for (const n of streams.keys()) {
        expect(writers.some(({ stream, close }) => stream === n && close !== undefined)).toBe(true);
      }
    }
  });

  const clients = scenarios.flatMap((scenario) => scenario.clients);
  const rates = clients.flatMap(({ toServer, toClient }) => [toServer, toClient]);
  const readers = scenarios.flatMap((scenario) => scenario.readers);
  const writers = scenarios.flatMap((scenario) => scenario.writers);
  const streams = scenarios.flatMap((scenario) => scenario.streams);
  const restarts = scenarios.flatMap(({ server }) => server.restarts);

  it.each<[string, number]>([
    ['loss', rates.filter(({ loss }) => loss > 0).length],
    ['duplication', rates.filter(({ duplication }) => duplication > 0).length],
    ['reordering', rates.filter(({ reordering }) => reordering > 0).length],
    ['delay', rates.filter(({ delayMs }) => delayMs[1] > 0).length],
    ['links that break by chance', rates.filter(({ cut }) => cut > 0).length],
    ['links that go dead by chance', rates.filter(({ halfOpen }) => halfOpen > 0).length],
    ['whole links', rates.filter(({ loss, duplication, reordering }) => loss + duplication + reordering === 0).length],
    ['cuts', clients.filter(({ mishaps }) => mishaps.some(({ kind }) => kind === 'cut')).length],
    ['dead directions', clients.filter(({ mishaps }) => mishaps.some(({ kind }) => kind === 'swallow')).length],
    [
      'receivers that do not read',
      clients.filter(({ mishaps }) => mishaps.some(({ kind }) => kind === 'stall')).length,
    ],
    ['servers that close', restarts.filter(({ abrupt, goodbyeMs }) => !abrupt && goodbyeMs === undefined).length],
    ['servers that say goodbye', restarts.filter(({ goodbyeMs }) => goodbyeMs !== undefined).length],
    ['servers that crash', restarts.filter(({ abrupt }) => abrupt).length],
    ['trimmed streams', streams.filter(({ trims }) => trims.length > 0).length],
    ['cancelled streams', streams.filter(({ cancel }) => cancel !== undefined).length],
    ['readers from the beginning', readers.filter(({ from }) => from === 'beginning').length],
    ['readers from now', readers.filter(({ from }) => from === 'now').length],
    ['readers from a number', readers.filter(({ from }) => typeof from === 'number').length],
    ['readers that pull', readers.filter(({ paceMs }) => paceMs !== undefined).length],
    ['readers that leave', readers.filter(({ leaveAfter }) => leaveAfter !== undefined).length],
    ['readers that come back', readers.filter(({ follows }) => follows !== undefined).length],
    ['windows of one chunk', readers.filter(({ window }) => window.chunks === 1).length],
    ['second lives of a producer', writers.filter(({ producer }) => producer?.epoch === 1).length],
    [
      'writing behind the end',
      writers.filter(({ close, batches }) => (close?.batch ?? Infinity) < batches.length - 1).length,
    ],
    [
      'chunks too large for a message',
      writers.filter(({ batches }) => batches.some(({ sizes }) => sizes.includes(5000))).length,
    ],
  ])('draws %s often enough', (_, count) => {
    expect(count).toBeGreaterThanOrEqual(25);
  });
});
