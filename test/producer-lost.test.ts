import { afterEach, describe, expect, it } from 'vitest';
import { serve, type Server } from 'sluice/node';
import { run } from './run.js';

const leaseMs = 1500;
/** As long a lease as the next life may take to be heard of, on a machine with much to do. */
const patientMs = 5000;

/** A time, by the timers that the server has as well: where the process stands still, both do. */
async function over(ms: number): Promise<string> {
  await new Promise((resolve) => setTimeout(resolve, ms));
  // What was due before has come of it by then.
  for (let turn = 0; turn < 100; turn++) await new Promise((resolve) => setImmediate(resolve));
  return 'it is over';
}

describe('a producer that is killed', () => {
  let server: Server | undefined;
  const producers: ReturnType<typeof run>[] = [];
  afterEach(async () => {
    for (const producer of producers.splice(0)) producer.process.kill('SIGKILL');
    await server?.close();
  });

  /** Starts a producer that waits. */
  async function start(epoch: number, lease: number) {
    const producer = run('test/dying-producer.ts', [server!.url, 'answers/1', `${epoch}`, `${lease}`]);
    producers.push(producer);
    await producer.says(/ready/);
    return producer;
  }

  /** Has it produce, and waits until something of it is kept. */
  async function begin(producer: ReturnType<typeof run>) {
    producer.process.stdin.write('go\n');
    await producer.says(/kept \d+/);
  }

  /** Reads to the end, however it comes. */
  function read() {
    const got: unknown[] = [];
    const ended = new Promise<{ code: string; message: string }>((resolve) => {
      server!.streams.receive('answers/1').subscribe({
        next: ({ data }) => void got.push(data),
        error: ({ code, message }: { code: string; message: string }) => resolve({ code, message }),
        complete: () => resolve({ code: 'completed', message: '' }),
      });
    });
    return { got, ended };
  }

  it('leaves no reader hanging: the stream fails within the lease and a second', async () => {
    server = await serve({ port: 0 });
    const producer = await start(0, leaseMs);
    await begin(producer);
    const { got, ended } = read();
    producer.process.kill('SIGKILL');
    expect(await Promise.race([ended, over(leaseMs + 1000)])).toMatchObject({
      code: 'stream-failed',
      message: expect.stringContaining('producer-lost') as unknown,
    });
    expect(got[0]).toBe('life 0: 0');
  });

  it('may be taken over by its next life: readers go on', async () => {
    server = await serve({ port: 0 });
    const [first, second] = [await start(0, patientMs), await start(1, patientMs)];
    await begin(first);
    const { got, ended } = read();
    first.process.kill('SIGKILL');
    await begin(second);
    await over(patientMs + 1000);
    expect((await server.streams.info('answers/1'))!.status).toBe('active');
    expect(got.at(-1)).toMatch(/^life 1: /);
    await server.streams.close('answers/1');
    expect((await ended).code).toBe('completed');
  });
});
