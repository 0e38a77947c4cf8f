import { describe, expect, it } from 'vitest';
import { createMemoryBus } from '../../src/bus/memory.js';
import { reliable } from '../../src/bus/reliable.js';

describe('createMemoryBus', () => {
  it('brings a message to everybody who listens to its topic, and to nobody else', async () => {
    const bus = createMemoryBus();
    const heard: string[] = [];
    const listener = (message: string) => void heard.push(message);
    await bus.subscribe('a', listener);
    const stop = await bus.subscribe('a', listener);
    await bus.subscribe('b', (message) => void heard.push(`b: ${message}`));
    void bus.publish('a', '1');
    expect(heard).toEqual([]);
    await undefined;
    expect(heard).toEqual(['1', '1']);
    stop();
    void bus.publish('a', '2');
    void bus.publish('nobody', '3');
    await undefined;
    expect(heard).toEqual(['1', '1', '2']);
  });

  it('does not call who has left meanwhile, or come', async () => {
    const bus = createMemoryBus();
    const heard: string[] = [];
    const stop = await bus.subscribe('a', (message) => void heard.push(message));
    void bus.publish('a', '1');
    stop();
    await bus.subscribe('a', (message) => void heard.push(`late: ${message}`));
    await undefined;
    expect(heard).toEqual([]);
    void bus.publish('a', '2');
    void bus.dispose();
    await undefined;
    expect(heard).toEqual([]);
  });

  it('refuses topics that are no paths, and messages that are no text', () => {
    const bus = createMemoryBus();
    expect(() => bus.publish('', 'x')).toThrow(expect.objectContaining({ code: 'name-invalid' }));
    expect(() => bus.subscribe('..', () => {})).toThrow(expect.objectContaining({ code: 'name-invalid' }));
    expect(() => bus.publish('a', 7 as never)).toThrow(new TypeError('message must be a string, got a number'));
  });

  it('carries a reliable stream', async () => {
    const bus = reliable(createMemoryBus());
    const got: unknown[] = [];
    const ended = new Promise<void>((complete, error) => {
      bus.receive('t').subscribe({ next: ({ data }) => void got.push(data), complete, error });
    });
    await undefined;
    const sender = bus.sender('t');
    for (const word of ['Call', 'me', 'Ishmael']) sender.send(word);
    void sender.close();
    await ended;
    sender.dispose();
    expect(got).toEqual(['Call', 'me', 'Ishmael']);
  });
});
