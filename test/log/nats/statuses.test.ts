import { describe, expect, it } from 'vitest';
import { followStatuses } from '../../../src/log/nats/statuses.js';
import { natsPath } from '../../servers/nats.js';
import { natsStage } from '../../servers/nats-stage.js';
import { until } from '../../servers/until.js';

describe.skipIf(natsPath === undefined)('followStatuses', () => {
  const stage = natsStage();

  it('tells when a connection is lost and when it is back, to each who follows it, until they stop', async () => {
    const connection = await stage.connect();
    const [one, other]: string[][] = [[], []];
    const stop = followStatuses(connection, (type) => one!.push(type));
    const stopOther = followStatuses(connection, (type) => other!.push(type));
    await stage.server().kill();
    await until('both have lost it', () => [one, other].every((heard) => heard!.includes('disconnect')));
    stop();
    await stage.server().restart();
    await until('it is back', () => other!.includes('reconnect'));
    expect(one).not.toContain('reconnect');
    stopOther();
  });
});
