import { pipeline } from 'sluice/run';
import { describe, expect, it } from 'vitest';
import { fastTime, stage } from './stage.js';

const fail = (): never => {
  throw new Error('storm');
};
const hang = (): Promise<never> => new Promise(() => {});

describe('undo', () => {
  it('waits for a step that does not end only so long, and goes on with the others', async () => {
    const undone: string[] = [];
    let signal!: AbortSignal;
    const saga = pipeline('saga')
      .step('a', () => 'a', { compensate: (output) => undone.push(output) })
      .step('b', () => 'b', { compensate: (_, context) => ((signal = context.signal), hang()) })
      .step('c', () => 'c', { timeoutMs: 7, compensate: hang })
      .step('fail', fail);
    const { told, events } = await stage(saga, undefined, { scheduler: fastTime() });
    expect(told.slice(-4)).toEqual([
      'step_error c #1 "it could not be undone: undoing step \\"c\\" took more than 7 ms"',
      'step_error b #1 "it could not be undone: undoing step \\"b\\" took more than 60000 ms"',
      'step_compensated a',
      'pipeline_error "storm"',
    ]);
    expect(events.at(-4)!.data).toMatchObject({ code: 'step-timeout' });
    expect([undone, signal.aborted]).toEqual([['a'], true]);
  });

  it('says under which attempt it was done, and can say more', async () => {
    let attempts = 0;
    const seen: unknown[] = [];
    const saga = pipeline<number>('saga')
      .step('a', (n) => (++attempts < 3 ? fail() : n * 2), {
        retry: { attempts: 3, delayMs: 0 },
        compensate: (output, { attempt, log, services }, input) => {
          seen.push([output, attempt, services, input]);
          log('undoing');
        },
      })
      .step('fail', fail);
    const { told } = await stage(saga, 4, { services: 'tools' });
    expect(seen).toEqual([[8, 3, 'tools', 4]]);
    expect(told).toContain('step_log a "undoing"');
  });

  it('is done also where nobody is told', async () => {
    const undone: string[] = [];
    const saga = pipeline('saga', { streaming: { enabled: false } })
      .step('a', () => 'a', { compensate: (output) => undone.push(output) })
      .step('b', () => 'b', { compensate: fail })
      .step('fail', fail);
    const { error } = await stage(saga, undefined);
    expect([error, undone]).toEqual([new Error('storm'), ['a']]);
  });

  it('does not know as a value what was read as a stream', async () => {
    const seen: unknown[] = [];
    const saga = pipeline('saga')
      .step('write', async function* () {
        yield 'a';
      })
      .step('read', () => 'read', { input: 'stream', compensate: (output, _, input) => seen.push([output, input]) })
      .step('fail', fail);
    await stage(saga, undefined);
    expect(seen).toEqual([['read', undefined]]);
  });
});
