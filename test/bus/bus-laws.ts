import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Bus } from '../../src/bus/bus.js';
import { reliable } from '../../src/bus/reliable.js';

/** What every bus on a real server does. */
export function busLaws(name: string, open: () => Promise<{ bus: Bus; close: () => Promise<void> }>): void {
  describe(`${name} keeps the laws of buses:`, () => {
    const opened: { bus: Bus; close: () => Promise<void> }[] = [];
    const [one, other] = [() => opened[0]!.bus, () => opened[1]!.bus];
    beforeAll(async () => {
      opened.push(await open(), await open());
    });
    afterAll(async () => {
      for (const { bus, close } of opened) {
        await bus.dispose();
        await close();
      }
    });

    it('brings messages to listeners of the topic, here and elsewhere, until they leave', async () => {
      const heard: string[] = [];
      const stop = await one().subscribe('runs/17', (message) => void heard.push(`one ${message}`));
      await one().subscribe('runs/17', (message) => void heard.push(`two ${message}`));
      await other().subscribe('runs/17', (message) => void heard.push(`other ${message}`));
      await other().subscribe('runs/*', (message) => void heard.push(`a star is a name ${message}`));
      await other().publish('runs/17', 'é😀');
      await expect.poll(() => heard.toSorted()).toEqual(['one é😀', 'other é😀', 'two é😀']);
      stop();
      await other().publish('runs/17', 'b');
      await expect.poll(() => heard).toHaveLength(5);
      expect(heard).not.toContain('one b');
    });

    it('keeps topics of any name apart', async () => {
      const topics = ['a b', 'a.b', 'a/b', 'a*b', 'ä>b'];
      const heard: string[] = [];
      for (const topic of topics) await one().subscribe(topic, (message) => void heard.push(`${topic}: ${message}`));
      for (const topic of topics) await other().publish(topic, topic);
      await expect.poll(() => heard).toEqual(topics.map((topic) => `${topic}: ${topic}`));
    });

    it('carries a reliable stream', async () => {
      const got: unknown[] = [];
      const ended = new Promise<void>((complete, error) => {
        reliable(one())
          .receive('tokens')
          .subscribe({ next: ({ data }) => void got.push(data), complete, error });
      });
      const sender = reliable(other()).sender('tokens', { heartbeatMs: 50 });
      for (let n = 0; n < 500; n++) sender.send(n);
      void sender.close();
      await ended;
      sender.dispose();
      expect(got).toEqual(Array.from({ length: 500 }, (_, n) => n));
    });

    it('refuses a topic that is no path', async () => {
      await expect(async () => one().publish('..', 'x')).rejects.toMatchObject({ code: 'name-invalid' });
      await expect(async () => one().subscribe('', () => {})).rejects.toMatchObject({ code: 'name-invalid' });
    });
  });
}
