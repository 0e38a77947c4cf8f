import { describe, expect, it } from 'vitest';
import type { Held } from '../../src/auth/quotas.js';
import { createRefusals } from 'sluice/probe';
import { FewQuotas } from './few-quotas.js';
import { GatewayStage, type GatewayStageOptions } from './stage.js';

/** Quotas that others have to be asked about: they answer when the test has them answer. */
class SharedQuotas extends FewQuotas {
  private readonly asked: (() => void)[] = [];

  override async hold(key: string, what: Held): Promise<boolean> {
    await new Promise<void>((resolve) => this.asked.push(resolve));
    return await super.hold(key, what);
  }

  answer(): void {
    for (const resolve of this.asked.splice(0)) resolve();
  }
}

function open(most: Partial<Record<Held, number>>, options: Partial<GatewayStageOptions> = {}) {
  const quotas = new SharedQuotas(most);
  const refusals = createRefusals();
  return { stage: new GatewayStage(undefined, { quotas, refusals, ...options }), quotas, refusals };
}

const ann = { transport: 'test', principal: { id: 'ann' } };

describe('a gateway that counts with others', () => {
  it('ends a connection when others answer that there is no place for it', async () => {
    const { stage, quotas, refusals } = open({ connections: 1 });
    const [first, second] = [stage.connect(ann), stage.connect(ann)];
    expect([first.end, second.end]).toEqual([undefined, undefined]);
    quotas.answer();
    await stage.settle();
    expect([first.end, second.end]).toEqual([
      undefined,
      '4429 there are as many connections as these credentials may have',
    ]);
    expect(second.all('error')).toEqual([expect.objectContaining({ code: 'limit-reached', retryAfterMs: 1000 })]);
    second.events.closed(4429, '');
    expect([quotas.held.get('ann connections'), refusals.read().connections]).toEqual([1, 1]);
    first.events.closed(1000, '');
    await stage.settle();
    expect(quotas.held.get('ann connections')).toBe(0);
  });

  it('gives back the place of who has gone before there was an answer', async () => {
    const { stage, quotas, refusals } = open({ connections: 1 });
    const [first, second] = [stage.connect(ann), stage.connect(ann)];
    first.events.closed(1000, '');
    second.events.closed(1000, '');
    quotas.answer();
    await stage.settle();
    expect([quotas.held.get('ann connections'), refusals.read().connections]).toEqual([0, 0]);
  });

  it('says who somebody is when others have answered that there is a place for him', async () => {
    const { stage, quotas } = open({ connections: 1 }, { authenticate: () => ({ id: 'ann' }), maxUnknown: 3 });
    const [first, second, gone] = [stage.connect(), stage.connect(), stage.connect()];
    for (const link of [first, second, gone]) link.say({ t: 'auth', token: 'x' });
    second.say({ t: 'auth', token: 'x' });
    await stage.settle();
    expect([first.words(), second.all('error').map(({ code }) => code)]).toEqual([[], ['frame-unexpected']]);
    quotas.answer();
    gone.events.closed(1000, '');
    await stage.settle();
    expect([first.all('authenticated').length, first.end, second.end]).toEqual([
      1,
      undefined,
      '4429 there are as many connections as these credentials may have',
    ]);
    second.events.closed(4429, '');
    first.say({ t: 'auth', token: 'x' });
    await stage.settle();
    expect(first.all('authenticated')).toHaveLength(2);
    first.events.closed(1000, '');
    await stage.settle();
    expect(quotas.held.get('ann connections')).toBe(0);
    // Nobody is left of whom it is not known who he is.
    for (let times = 0; times < 3; times++) expect(stage.connect().end).toBeUndefined();
  });

  it('gives back what somebody got who was gone when he got it', async () => {
    const { stage, quotas } = open({ connections: 1 }, { authenticate: () => ({ id: 'ann' }) });
    const link = stage.connect();
    link.say({ t: 'auth', token: 'x' });
    link.events.closed(1000, '');
    quotas.answer();
    await stage.settle();
    expect([quotas.held.get('ann connections'), link.words()]).toEqual([0, []]);
  });

  it('reads a stream when others have answered that one more may be read', async () => {
    const { stage, quotas, refusals } = open({ subscriptions: 1 });
    for (const name of ['a', 'b']) stage.keep(name, 'x');
    const link = stage.connect(ann);
    quotas.answer();
    link.subscribe('a');
    link.subscribe('b');
    await stage.settle();
    expect(link.words()).toEqual([]);
    quotas.answer();
    await stage.settle();
    expect(link.words()).toEqual(
      expect.arrayContaining(['subscribed stream=a from=beginning ch=0 seq=0', 'data ch=0 seq=0 chunks=x']),
    );
    expect(link.all('error')).toEqual([expect.objectContaining({ code: 'limit-reached', stream: 'b' })]);
    expect(refusals.read().subscriptions).toBe(1);
    link.subscribe('b');
    link.events.closed(1006, '');
    quotas.answer();
    await stage.settle();
    expect(quotas.held.get('ann subscriptions')).toBe(0);
  });
});
