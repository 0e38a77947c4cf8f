import { afterEach, describe, expect, it } from 'vitest';
import { createHttpProducer, type HttpProducer } from '../../../src/transport/http/producer.js';
import { Keeper } from './keeper.js';
import { type Answer, hasty, Lab } from './lab.js';

let lab: Lab | undefined;

afterEach(async () => {
  await lab?.close();
  lab = undefined;
});

async function producerOf(
  answer: Answer,
  options: { autoClaim?: boolean; maxBatchItems?: number } = {},
): Promise<HttpProducer> {
  lab = await Lab.start(answer);
  return createHttpProducer({ url: lab.url, producerId: 'p', contentType: 'text/plain', retry: hasty, ...options });
}

const seqs = (): string[] => lab!.asked.map(({ headers }) => `${headers['producer-epoch']}.${headers['producer-seq']}`);

describe("a producer's epoch", () => {
  it('is fenced by a later epoch', async () => {
    const keeper = new Keeper();
    keeper.epoch = 3;
    const producer = await producerOf(keeper.answer);
    await expect(producer.append('a')).rejects.toMatchObject({ code: 'producer-fenced', epoch: 3 });
    expect(lab!.asked).toHaveLength(1);
  });

  it('takes the next epoch when it is told to, and sends nothing else before it has it', async () => {
    const keeper = new Keeper();
    keeper.epoch = 3;
    const producer = await producerOf(keeper.answer, { autoClaim: true, maxBatchItems: 1 });
    for (const item of 'abcde') void producer.append(item);
    await producer.flush();
    expect(producer.epoch).toBe(4);
    expect(keeper.kept).toEqual([...'abcde']);
    expect(seqs().slice(0, 3)).toEqual(['0.0', '4.0', '4.1']);
  });

  it('takes no epoch back that it has lost', async () => {
    const keeper = new Keeper();
    const producer = await producerOf(keeper.answer, { autoClaim: true });
    await Promise.all([producer.append('a'), producer.flush()]);
    keeper.epoch = 9;
    await expect(producer.append('b')).rejects.toMatchObject({ code: 'producer-fenced', epoch: 9 });
    expect(producer.epoch).toBe(0);
  });

  it('does not chase an epoch for ever, nor one that nobody names', async () => {
    const chased = await producerOf(
      (response, { headers }) =>
        response.writeHead(403, { 'producer-epoch': `${Number(headers['producer-epoch']) + 1}` }).end(),
      { autoClaim: true },
    );
    await expect(chased.append('a')).rejects.toMatchObject({ code: 'producer-fenced' });
    expect(lab!.asked).toHaveLength(11);
    await lab!.close();
    const nameless = await producerOf((response) => response.writeHead(403).end(), { autoClaim: true });
    await expect(nameless.append('a')).rejects.toMatchObject({ code: 'connection-refused' });
    await lab!.close();
    const unread = await producerOf((response) => response.writeHead(403, { 'producer-epoch': 'x' }).end(), {
      autoClaim: true,
    });
    await expect(unread.append('a')).rejects.toMatchObject({ code: 'producer-fenced', epoch: undefined });
  });
});
