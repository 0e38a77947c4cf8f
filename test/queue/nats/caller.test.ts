import { asyncScheduler } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { StreamError } from '../../../src/chunk/index.js';
import { isConflict, NatsCaller } from '../../../src/queue/nats/caller.js';
import { VirtualTime } from '../../virtual-time.js';

interface Failure {
  readonly name?: string;
  readonly code?: number;
  readonly status?: number;
  readonly isNoResponders?: () => boolean;
}

const failed = (failure: Failure): Error => Object.assign(new Error('the reason'), failure);
const api = (code: number, status = 400): Error => failed({ name: 'JetStreamApiError', code, status });
const timeout = failed({ name: 'TimeoutError' });

function caller({ patienceMs = 60_000, closed = false } = {}): NatsCaller {
  return new NatsCaller({ isClosed: () => closed } as never, asyncScheduler, patienceMs);
}

/** Fails as it is told, then answers; counts how often it was asked to begin anew. */
async function through(subject: NatsCaller, ...failures: unknown[]): Promise<{ answer: string; anew: number }> {
  let anew = 0;
  const work = async (): Promise<string> => {
    if (failures.length > 0) throw failures.shift();
    return 'done';
  };
  return { answer: await subject.persist(work, () => anew++), anew };
}

describe('NatsCaller', () => {
  it('asks again until it is answered', async () => {
    expect(await through(caller(), timeout, api(10_008, 503), timeout)).toEqual({ answer: 'done', anew: 0 });
  });

  it('makes the streams anew where nobody knows them', async () => {
    const nobody = [
      failed({ name: 'RequestError', isNoResponders: () => true }),
      failed({ name: 'NoRespondersError' }),
      failed({ name: 'JetStreamNotEnabled' }),
    ];
    expect(await through(caller(), api(10_059, 404), api(10_014, 404), ...nobody)).toEqual({ answer: 'done', anew: 5 });
  });

  it.each([
    ['queue-full', api(10_077, 503)],
    ['queue-full', api(10_047, 500)],
    ['job-too-large', api(10_054)],
    ['queue-unavailable', api(10_003)],
    ['queue-unavailable', failed({ name: 'PermissionViolationError' })],
  ] as const)('names what fails for good: %s', async (code, error) => {
    await expect(through(caller(), error)).rejects.toMatchObject({ code, cause: error });
    await expect(through(caller(), error)).rejects.toThrow('the reason');
  });

  it('says what keeps it waiting when patience ends', async () => {
    const patienceMs = 1;
    const silence = Array<Error>(1000).fill(timeout);
    await expect(through(caller({ patienceMs }), ...silence)).rejects.toThrow('NATS cannot be reached: the reason');
    const off = Array<Error>(1000).fill(failed({ name: 'JetStreamNotEnabled' }));
    await expect(through(caller({ patienceMs }), ...off)).rejects.toThrow('is it enabled (nats-server -js)?');
  });

  it('does not wait for a connection that was closed', async () => {
    await expect(through(caller({ closed: true }), timeout)).rejects.toMatchObject({ code: 'queue-unavailable' });
  });

  it('throws what was refused because another was quicker, and what has a name already, as it is', async () => {
    await expect(through(caller(), api(10_071))).rejects.toSatisfy(isConflict);
    const named = new StreamError('queue-incompatible', 'no queue');
    await expect(through(caller(), named)).rejects.toBe(named);
    expect(isConflict(api(10_077))).toBe(false);
    expect(isConflict(failed({ code: 10_071 }))).toBe(false);
  });

  it('stops asking when it is disposed of, before or while it waits', async () => {
    const time = new VirtualTime();
    const subject = new NatsCaller({ isClosed: () => false } as never, time, 60_000);
    const asking = through(subject, timeout, timeout);
    await time.pass(5);
    subject.dispose();
    await expect(time.until(asking)).rejects.toMatchObject({ code: 'queue-closed' });
    await expect(through(subject)).rejects.toMatchObject({ code: 'queue-closed' });
    const late = new NatsCaller({ isClosed: () => false } as never, time, 60_000);
    const working = late.persist(
      async () => {
        late.dispose();
        throw timeout;
      },
      () => {},
    );
    await expect(working).rejects.toMatchObject({ code: 'queue-closed' });
  });
});
