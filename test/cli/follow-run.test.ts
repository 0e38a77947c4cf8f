import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { followRun } from '../../src/cli/follow-run.js';

let written: string;
const isTTY = process.stdout.isTTY;
beforeEach(() => {
  written = '';
  vi.spyOn(process.stdout, 'write').mockImplementation(((text: string) => {
    written += text;
    return true;
  }) as never);
});
afterEach(() => {
  vi.restoreAllMocks();
  process.stdout.isTTY = isTTY;
});

const event = (type: string, step: string | null, data: object) => ({
  data: { event_type: type, execution_id: 'r1', step_id: step, timestamp: 0, data } as never,
});
const start = event('pipeline_start', null, { pipeline: 'p', attempt: 1 });
const waits = event('step_waiting', 'a', { name: 'yes' });
const complete = (output?: unknown) =>
  event('pipeline_complete', null, { duration_ms: 0, ...(output === undefined ? {} : { output }) });

async function* chunks(...all: (typeof start)[]) {
  yield* all;
}

describe('followRun', () => {
  it('writes an event a line in a pipe, those that are asked for, and answers how it ended', async () => {
    process.stdout.isTTY = false;
    const shows = ({ event_type: type }: { event_type: string }): boolean => type !== 'pipeline_start';
    const waiting = vi.fn(async () => {});
    const end = await followRun(chunks(start, waits, complete()), { shows, waiting });
    expect(end?.event_type).toBe('pipeline_complete');
    expect(waiting).toHaveBeenCalledOnce();
    expect(
      written
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line) as unknown),
    ).toEqual([waits.data, complete().data]);
    expect(await followRun(chunks(start))).toBeUndefined();
  });

  it.each([
    ['text', '\ntext\n'],
    [{ a: 1 }, '\n{\n  "a": 1\n}\n'],
    [undefined, '\u001b[?25h'],
  ])('shows %j on a terminal behind the steps', async (output, end) => {
    process.stdout.isTTY = true;
    await followRun(chunks(start, complete(output)));
    expect(written.endsWith(end)).toBe(true);
  });

  it('leaves the terminal to whoever is asked, and goes on', async () => {
    process.stdout.isTTY = true;
    const waiting = vi.fn(async () => void (written += 'QUESTION'));
    await followRun(chunks(start, waits, complete()), { waiting });
    expect(written).toContain('waits for "yes"\n\u001b[?25hQUESTION\u001b[?25l');
  });

  it('gives the terminal back when what it reads fails', async () => {
    process.stdout.isTTY = true;
    await expect(followRun(chunks(start, { data: 'no event' as never }))).rejects.toThrow('run event');
    expect(written.endsWith('\u001b[?25h')).toBe(true);
  });
});
