import { describe, expect, it } from 'vitest';
import { StreamError } from '../../../src/chunk/index.js';
import { AnswerLost, isConflict, NatsCaller } from '../../../src/log/nats/caller.js';
import { refused, thrownBy } from '../../../src/testing/log-stage.js';

interface Failure {
  readonly name?: string;
  readonly code?: number;
  readonly status?: number;
  readonly isNoResponders?: () => boolean;
}

const failed = (failure: Failure): Error => Object.assign(new Error('the reason'), failure);
const api = (code: number, status = 400): Error => failed({ name: 'JetStreamApiError', code, status });
const timeout = failed({ name: 'TimeoutError' });

function caller(patienceMs = 100, closed = false): NatsCaller {
  return new NatsCaller({ isClosed: () => closed } as never, patienceMs);
}

/** Fails as it is told, then answers; counts how often it was asked to begin anew. */
async function through(subject: NatsCaller, ...failures: unknown[]): Promise<{ answer: string; anew: number }> {
  let anew = 0;
  const work = async (): Promise<string> => {
    if (failures.length > 0) throw failures.shift();
    return 'done';
  };
  return { answer: await subject.persist(work, 's', () => anew++), anew };
}

describe('NatsCaller', () => {
  it('asks again until it is answered', async () => {
    const later = api(10_008, 503);
    expect(await through(caller(1000), timeout, later, timeout)).toEqual({ answer: 'done', anew: 0 });
  });

  it('makes the stream anew where nobody knows it', async () => {
    const nobody = failed({ name: 'RequestError', isNoResponders: () => true });
    const notEnabled = failed({ name: 'JetStreamNotEnabled' });
    expect(await through(caller(1000), api(10_059, 404), nobody, notEnabled)).toEqual({ answer: 'done', anew: 3 });
  });

  it.each([
    ['log-full', api(10_077, 503)],
    ['log-full', api(10_047, 500)],
    ['chunk-too-large', api(10_054)],
    ['log-unavailable', api(10_003)],
    ['log-unavailable', failed({ name: 'PermissionViolationError' })],
  ] as const)('names what fails for good: %s', async (code, error) => {
    const { details, cause, message } = await refused(code, () => through(caller(), error));
    expect(cause).toBe(error);
    expect(details.streamId).toBe('s');
    expect(message).toContain('the reason');
  });

  it('knows what was refused because another was quicker', async () => {
    const { cause } = await refused('log-unavailable', () => through(caller(), api(10_071)));
    expect(isConflict(cause)).toBe(true);
    expect(isConflict(api(10_077))).toBe(false);
    expect(isConflict(failed({ code: 10_071 }))).toBe(false);
  });

  it('gives up when patience ends, and says whether it may have been done', async () => {
    const always = (error: Error) => {
      const work = async (): Promise<never> => {
        throw error;
      };
      return thrownBy(() => caller(30).persist(work, 's', () => {}));
    };
    const lost = (await always(timeout)) as AnswerLost;
    expect(lost).toBeInstanceOf(AnswerLost);
    expect(lost.cause).toMatchObject({ code: 'log-unavailable' });
    const off = await always(failed({ name: 'JetStreamNotEnabled' }));
    expect((off as Error).message).toContain('nats-server -js');
    expect(await always(api(10_008, 503))).toMatchObject({ name: 'StreamError', code: 'log-unavailable' });
  });

  it('does not wait for a connection that is closed for good, and passes on what has a name', async () => {
    await refused('log-unavailable', () => through(caller(100, true), timeout));
    const named = new StreamError('log-incompatible', 'no log');
    expect(await thrownBy(() => through(caller(), named))).toBe(named);
  });

  it('waits for no answer over a connection that was another', async () => {
    let tell: ((status: IteratorResult<{ type: string }>) => void) | undefined;
    const next = () => new Promise<IteratorResult<{ type: string }>>((resolve) => (tell = resolve));
    const status = () => ({ [Symbol.asyncIterator]: () => ({ next }) });
    const subject = new NatsCaller({ isClosed: () => false, status } as never, 1000);
    let asked = 0;
    const answers = [new Promise<string>(() => {}), Promise.resolve('done')];
    const answered = subject.persist(
      () => subject.answer(answers[asked++]!),
      's',
      () => {},
    );
    tell!({ done: false, value: { type: 'disconnect' } });
    await Promise.resolve();
    expect(asked).toBe(1);
    tell!({ done: false, value: { type: 'reconnect' } });
    expect(await answered).toBe('done');
    await refused('log-unavailable', () =>
      subject.persist(
        () => subject.answer(Promise.reject<string>(api(10_003))),
        's',
        () => {},
      ),
    );
    subject.dispose();
  });

  it('asks nothing once it is disposed of', async () => {
    const subject = caller();
    subject.dispose();
    await refused('log-unavailable', () => through(subject));
  });
});
