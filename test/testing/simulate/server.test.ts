import { describe, expect, it } from 'vitest';
import { createGateway } from '../../../src/gateway/index.js';
import { createMemoryLog } from '../../../src/log/memory.js';
import { Server } from '../../../src/testing/simulate/server.js';
import { Truth } from '../../../src/testing/simulate/truth.js';
import { VirtualTime } from '../../../src/testing/simulate/virtual-time.js';
import { createMemoryTransport } from '../../../src/transport/memory.js';

const plan = { pingMs: 500, maxFrame: 4096, window: { chunks: 3, bytes: 100 }, restarts: [] };

function stage() {
  const time = new VirtualTime(1000);
  const truth = new Truth(
    createMemoryLog(),
    () => time.now(),
    () => {},
  );
  truth.create('s');
  const server = new Server(plan, createGateway, truth, time);
  const network = createMemoryTransport(server, { scheduler: time });
  const heard: unknown[] = [];
  const connect = () =>
    network.connect({
      opened: () => heard.push('opened'),
      frames: (frames) => heard.push(...frames),
      drained: () => {},
      closed: (code) => heard.push(code),
    });
  return { time, truth, server, connect, heard };
}

describe('Server', () => {
  it('takes connections with the limits of its plan', async () => {
    const { time, server, connect, heard } = stage();
    server.start();
    connect();
    await time.run(10);
    const { pingMs, maxFrame, window } = plan;
    expect(heard).toEqual([
      'opened',
      { t: 'welcome', protocol: 'sluice.v1', session: '0.0', pingMs, maxFrame, window },
    ]);
    expect([server.up, server.connections]).toEqual([true, 1]);
  });

  it('turns connections away while it is down', async () => {
    const { time, server, connect, heard } = stage();
    connect();
    await time.run(10);
    expect(heard.at(-1)).toBe(1001);
    expect([server.up, server.connections]).toEqual([false, 0]);
  });

  it('ends its connections when it goes, and comes again as another, over the same log', async () => {
    const { time, truth, server, connect, heard } = stage();
    server.start();
    connect();
    await time.run(10);
    server.stop();
    await time.run(20);
    expect(heard.at(-1)).toBe(1001);
    server.start();
    connect();
    await time.run(30);
    expect(heard.at(-1)).toMatchObject({ session: '1.0' });
    expect(truth.log.info('s')).toBeDefined();
  });

  it('ends a stream', () => {
    const { truth, server } = stage();
    server.start();
    server.cancel('s');
    expect(truth.of('s').end).toEqual({ status: 'cancelled', reason: 'nobody writes it' });
  });
});
