import { describe, expect, it } from 'vitest';
import { textBodies } from '../bodies.js';
import { type GatewayStage as Stage, GatewayStage, logKinds, type TestLink } from './stage.js';

/** A connection whose link tells when it has ended, as links do. */
function connect(stage: Stage): TestLink {
  const link = stage.connect();
  link.close = (code, reason) => {
    link.end = `${code} ${reason}`;
    queueMicrotask(() => link.events.closed(code, reason));
  };
  return link;
}

const publish = { t: 'publish', stream: 's', producer: 'p', epoch: 0, seq: 0, chunks: textBodies('a') } as const;

describe('a gateway that is drained', () => {
  it('tells everybody goodbye, ends their connections, and takes no more', async () => {
    const stage = new GatewayStage();
    const links = [connect(stage), connect(stage)];
    await stage.settle();
    expect(stage.gateway.state).toBe('open');
    await stage.gateway.drain(700);
    expect(links.map((link) => [link.words(), link.end])).toEqual([
      [['goodbye retryMs=700'], '1001 the server is shutting down'],
      [['goodbye retryMs=700'], '1001 the server is shutting down'],
    ]);
    expect(stage.gateway.state).toBe('draining');
    expect(stage.connect().end).toBe('1001 the server is shutting down');
    expect(stage.gateway.connections()).toEqual([]);
  });

  it('waits until what was written is kept and acknowledged', async () => {
    const stage = new GatewayStage(logKinds[1]);
    const link = connect(stage);
    await stage.settle();
    link.say(publish);
    let left = false;
    const drained = stage.gateway.drain().then(() => (left = true));
    for (let hops = 0; hops < 8; hops++) await undefined;
    expect([left, link.end]).toEqual([false, undefined]);
    await stage.settle();
    await drained;
    expect(link.words()).toEqual(['goodbye retryMs=1000', 'ack stream=s producer=p epoch=0 seq=1 next=1']);
    expect(link.end).toMatch(/^1001 /);
  });

  it('is drained at once when nobody is there, and once only', async () => {
    const stage = new GatewayStage();
    const drained = stage.gateway.drain();
    expect(stage.gateway.drain()).toBe(drained);
    await drained;
  });

  it('refuses a wait that is none', () => {
    expect(() => new GatewayStage().gateway.drain(-1)).toThrow('retryMs must be');
  });
});

describe('a gateway that is suspended', () => {
  it('ends every connection, and takes none until it goes on', async () => {
    const stage = new GatewayStage();
    const link = connect(stage);
    await stage.settle();
    stage.gateway.suspend('the log is out of reach');
    expect([link.end, stage.gateway.state]).toEqual(['4503 the log is out of reach', 'suspended']);
    expect(stage.connect().end).toBe('4503 the log is out of reach');
    stage.gateway.resume();
    expect([stage.connect().end, stage.gateway.state]).toEqual([undefined, 'open']);
  });
});
