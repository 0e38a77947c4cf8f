import { pipeline, runPipeline } from 'sluice/run';
import { describe, expect, it } from 'vitest';
import { checkStreaming } from '../../src/run/pipeline.js';

describe('pipeline', () => {
  it('never changes: each method answers a longer one', () => {
    const start = pipeline<number>('p');
    const one = start.step('a', (n) => n + 1);
    const two = one.step('b', (n) => n + 1);
    expect([start, one, two].map(({ definition }) => definition.root.nodes.length)).toEqual([0, 1, 2]);
    expect([two.name, two.definition.needs]).toEqual(['p', []]);
  });

  it('refuses two steps of one id side by side, not below each other', () => {
    const one = pipeline<number>('p').step('a', (n) => n);
    expect(() => one.step('a', (n) => n)).toThrow('pipeline "p" has two steps "a" side by side');
    expect(() => one.parallel('a', {})).toThrow('two steps "a"');
    expect(() => one.parallel('b', { a: (start) => start.step('a', (n) => n) })).not.toThrow();
  });

  it.each<[string, () => unknown]>([
    ['a name', () => pipeline('a b')],
    ['the id of a step', () => pipeline('p').step('a/b', () => 1)],
    ['the id of a map', () => pipeline<number[]>('p').map('', (start) => start)],
    ['the key of a branch', () => pipeline('p').parallel('a', { 'x y': (start) => start })],
  ])('refuses %s that is none', (_, build) => {
    expect(build).toThrow('a step id must be');
  });

  it('goes the other way where there is one', async () => {
    const sign = pipeline<number>('p').branch(
      'sign',
      (n) => n < 0,
      (start) => start.step('minus', (n) => `minus ${-n}`),
      (start) => start.step('plus', (n) => `plus ${n}`),
    );
    expect([await runPipeline(sign, -1), await runPipeline(sign, 2)]).toEqual(['minus 1', 'plus 2']);
  });

  it('checks how many items it works on at a time, and how it streams', () => {
    const start = pipeline<number[]>('p');
    expect(() => start.map('m', (each) => each, { concurrency: 0 })).toThrow('concurrency must be');
    expect(() => pipeline('p', { streaming: { bufferSize: 0 } })).toThrow('streaming.bufferSize must be');
    expect(() => pipeline('p', { streaming: { flushIntervalMs: -1 } })).toThrow('streaming.flushIntervalMs must be');
    expect(checkStreaming()).toEqual({ enabled: true, emitProgress: true, bufferSize: 16, flushIntervalMs: 50 });
  });
});
