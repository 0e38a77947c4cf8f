import { lastValueFrom, map, type ObservedValueOf, toArray } from 'rxjs';
import { createReadClient, type ReadClientOptions } from 'sluice/client';
import type { JsonChunk, TextChunk } from 'sluice/chunk';
import { describe, expect, expectTypeOf, it } from 'vitest';
import { checkLength } from '../../src/client/read-client.js';
import { ClientStage } from './stage.js';

function made(options: Partial<ReadClientOptions> = {}) {
  const stage = new ClientStage();
  const { time, transport } = stage;
  return {
    stage,
    time,
    client: createReadClient<TextChunk>({ transport, scheduler: time, defer: time.defer, ...options }),
  };
}

describe('createReadClient', () => {
  it('reads as any client does', async () => {
    const { stage, time, client } = made();
    stage.keep('s', 'a', 'b');
    stage.end('s');
    const texts = client.receive('s').pipe(
      map(({ data }) => data.toUpperCase()),
      toArray(),
    );
    expect(await time.until(lastValueFrom(texts))).toEqual(['A', 'B']);
    const { value } = await time.until(client.read('s').next());
    expect(value).toMatchObject({ seq: 0, data: 'a' });
    client.close();
  });

  it('says where it has joined a stream, and joins it again', async () => {
    const { stage, time, client } = made({ backoff: { minMs: 10 } });
    stage.keep('s', 'a', 'b');
    const joined: number[] = [];
    client.receive('s', { from: 'now', joined: (seq) => joined.push(seq) }).subscribe({ error: () => {} });
    await time.pass(50);
    stage.keep('s', 'c');
    await time.pass(50);
    stage.stop();
    stage.serve();
    await time.pass(500);
    expect(joined).toEqual([2, 3]);
    client.close();
  });

  it('knows no writing', () => {
    expect(made().client).not.toHaveProperty('publish');
  });

  it('does not mind what a server says to those who write', async () => {
    const { stage, time, client } = made();
    stage.keep('s', 'a');
    const states: string[] = [];
    client.state.subscribe((state) => states.push(state));
    client.receive('s').subscribe({ error: () => {} });
    await time.pass(50);
    client.cancel('s', 'enough');
    await time.pass(5000);
    expect(states).toEqual(['idle', 'connecting', 'open']);
  });

  it('says what chunks are, where that is known', () => {
    const client = createReadClient<JsonChunk<{ readonly price: number }>>({
      transport: { connect: () => null as never },
    });
    type Received = ObservedValueOf<ReturnType<typeof client.receive>>;
    expectTypeOf<Received['data']['price']>().toEqualTypeOf<number>();
    // @ts-expect-error a chunk is none without its number
    createReadClient<{ readonly data: string }>({ transport: { connect: () => null as never } });
  });
});

describe('checkLength', () => {
  it('names the option whose text is too short or too long, or none', () => {
    expect(checkLength('reason', 'x', 1, 2)).toBe('x');
    expect(() => checkLength('reason', '', 1, 2)).toThrow('reason.length must be a whole number of at least 1');
    expect(() => checkLength('reason', 5, 1, 2)).toThrow('reason must be a string, got a number');
  });
});
