import { describe, expect, it } from 'vitest';
import { createClient } from '../../../src/client/index.js';
import { createGateway } from '../../../src/gateway/index.js';
import { drawScenario } from '../../../src/testing/simulate/draw-scenario.js';
import type { Finding } from '../../../src/testing/simulate/finding.js';
import { writeReport } from '../../../src/testing/simulate/report.js';
import { World } from '../../../src/testing/simulate/world.js';

async function report(...findings: Finding[]): Promise<string[]> {
  const world = new World(drawScenario(3), { createClient, createGateway });
  await world.run();
  for (const finding of findings) world.tell(finding);
  return writeReport(world).split('\n');
}

describe('writeReport', () => {
  it('says so when nothing went wrong', async () => {
    expect(await report()).toEqual(['seed 3: nothing went wrong']);
  });

  it('tells what was planned, what was seen, and how to see it again', async () => {
    const lines = await report({ at: 12.7, what: 'it broke' }, { at: 40, what: 'it broke again' });
    expect(lines[0]).toBe('seed 3: it broke');
    const [scenario, seen, again] = ['the scenario', 'what the oracle saw', 'to see it again'].map((title) =>
      lines.indexOf(title),
    );
    expect(lines[scenario! + 1]).toMatch(/^ {2}faults until \d+ ms$/);
    expect(lines.slice(seen! + 1, seen! + 3)).toEqual(['  at 12 ms: it broke', '  at 40 ms: it broke again']);
    expect(lines.slice(again!)).toEqual(['to see it again', '  npm run simulate -- --seed 3']);
  });

  it('draws the stream it is about, with the reader named or the first there is', async () => {
    const [reader] = drawScenario(3).readers;
    const stream = `s${reader!.stream}`;
    for (const named of [{ reader: reader!.name }, {}]) {
      const lines = await report({ at: 1e6, what: 'it broke', stream, seq: 0, ...named });
      expect(lines.at(-1)).toMatch(/^ {2}seen +-+\*$/);
      expect(lines.some((line) => line.startsWith(`  ${stream} to ${reader!.name}: a to `))).toBe(true);
    }
  });

  it('shows where a defect was thrown', async () => {
    const lines = await report({ at: 1, what: 'a defect was thrown: boom', stack: 'boom\n    at there (file.ts:1:2)' });
    expect(lines).toContain('      at there (file.ts:1:2)');
  });

  it('breaks long lines between words', async () => {
    const lines = await report({ at: 1, what: 'word '.repeat(100).trim() });
    const told = lines.filter((line) => /^ {2}(?:at 1 ms: | {4})?word/.test(line));
    expect(told.length).toBeGreaterThan(1);
    expect(told.join(' ').match(/word/g)).toHaveLength(100);
    for (const line of lines.slice(1)) expect(line.length).toBeLessThanOrEqual(160);
  });
});
