import { of } from 'rxjs';
import { actor, type ActorChunk, ActorStream } from 'sluice/run';
import { describe, expect, it } from 'vitest';
import { createFlow } from '../../src/flow/index.js';

const words = actor('words', {
  async *stream(count: number) {
    for (let n = 0; n < count; n++) yield { type: 'data', value: `${n} ` };
  },
});

describe('ActorStream', () => {
  it('comes to an output, and tells of every chunk on the way', async () => {
    const heard: string[] = [];
    const output = await words.stream(3).output({ heard: ({ type }) => heard.push(type) });
    expect([output, heard]).toEqual(['0 1 2 ', ['start', 'data', 'data', 'data', 'complete']]);
  });

  it('is taken anew by each who takes it', async () => {
    const stream = words.stream(2);
    expect(await Promise.all([stream.output(), stream.output()])).toEqual(['0 1 ', '0 1 ']);
  });

  it('must say how it ends', async () => {
    const mute = new ActorStream((destination) => of<ActorChunk>().subscribe(destination), createFlow());
    await expect(mute.output()).rejects.toMatchObject({ code: 'internal' });
  });

  it('refuses a bound that is none', async () => {
    await expect(words.stream(1).output({ maxLength: 0 })).rejects.toThrow('maxLength must be');
  });
});
