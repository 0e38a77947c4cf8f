import { afterEach, describe, expect, it } from 'vitest';
import { serve, type Server } from 'sluice/node';
import { run } from './run.js';

const leaseMs = 1500;

describe('a producer that is killed', () => {
  let server: Server | undefined;
  const producers: ReturnType<typeof run>[] = [];
  afterEach(async () => {
    for (const producer of producers.splice(0)) producer.process.kill('SIGKILL');
    await server?.close();
  });

  /** Starts a producer that waits. */
  async function start(epoch: number) {
    const producer = run('test/dying-producer.ts', [server!.url, 'answers/1', `${epoch}`, `${leaseMs}`]);
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
    const ended = new Promise<{ at: number; code: string; message: string }>((resolve) => {
      server!.streams.receive('answers/1').subscribe({
        next: ({ data }) => void got.push(data),
        error: (error: { code: string; message: string }) =>
          resolve({ ...error, at: Date.now(), message: error.message }),
        complete: () => resolve({ at: Date.now(), code: 'completed', message: '' }),
      });
    });
    return { got, ended };
  }

  it('leaves no reader hanging: the stream fails within the lease and a second', async () => {
    server = await serve({ port: 0 });
    const producer = await start(0);
    await begin(producer);
    const { got, ended } = read();
    producer.process.kill('SIGKILL');
    const killed = Date.now();
    const { at, code, message } = await ended;
    expect({ code, message }).toMatchObject({
      code: 'stream-failed',
      message: expect.stringContaining('producer-lost'),
    });
    expect(at - killed).toBeLessThan(leaseMs + 1000);
    expect(got[0]).toBe('life 0: 0');
  });

  it('may be taken over by its next life: readers go on', async () => {
    server = await serve({ port: 0 });
    const [first, second] = [await start(0), await start(1)];
    await begin(first);
    const { got, ended } = read();
    first.process.kill('SIGKILL');
    await begin(second);
    await new Promise((resolve) => setTimeout(resolve, leaseMs + 1000));
    expect((await server.streams.info('answers/1'))!.status).toBe('active');
    expect(got.at(-1)).toMatch(/^life 1: /);
    await server.streams.close('answers/1');
    expect((await ended).code).toBe('completed');
  });
});
