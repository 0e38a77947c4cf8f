import { describe, expect, it } from 'vitest';
import { deadlineOf } from '../../../src/testing/simulate/deadline.js';
import { drawScenario } from '../../../src/testing/simulate/draw-scenario.js';

const scenario = drawScenario(1);
const deadline = deadlineOf(scenario, 250);

describe('deadlineOf', () => {
  it('lies behind everything that is planned', () => {
    const planned = scenario.writers.flatMap(({ batches }) => batches.map(({ atMs }) => atMs));
    expect(deadline).toBeGreaterThan(Math.max(scenario.calmMs, ...planned));
  });

  it('moves with the time a client needs to notice a broken link', () => {
    const clients = scenario.clients.map((client) => ({ ...client, connectMs: client.connectMs + 1000 }));
    expect(deadlineOf({ ...scenario, clients }, 250)).toBe(deadline + 2000);
  });

  it('moves with the pace of the slowest reader', () => {
    const readers = scenario.readers.map((reader) => ({ ...reader, paceMs: [0, 100] as const }));
    expect(deadlineOf({ ...scenario, readers }, 250)).toBeGreaterThan(deadline + 1000);
  });

  it('moves with the time the server is gone', () => {
    const server = { ...scenario.server, restarts: [{ atMs: 1, downMs: 700, abrupt: true, goodbyeMs: undefined }] };
    expect(deadlineOf({ ...scenario, server }, 250)).toBe(deadline + 700);
  });
});
