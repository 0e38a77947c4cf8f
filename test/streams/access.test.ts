import { describe, expect, it } from 'vitest';
import { ownersAndScopes } from 'sluice/auth/owners-and-scopes';
import type { Authorize, Principal } from 'sluice/auth/auth';
import { createMemoryLog } from 'sluice/log/memory';
import { createRefusals } from 'sluice/probe';
import { createAccess, createStreams } from 'sluice/streams';

const ann: Principal = { id: 'ann' };
const bob: Principal = { id: 'bob' };

function stage(authorize: Authorize = ownersAndScopes) {
  const streams = createStreams({ log: createMemoryLog() });
  const refusals = createRefusals();
  return { streams, refusals, access: createAccess({ streams, authorize, refusals }) };
}

const patient: Authorize = async (...asked) => await ownersAndScopes(...asked);

describe.each([
  ['at once', ownersAndScopes],
  ['later', patient],
])('createAccess, where the answer comes %s', (_, authorize) => {
  it('knows what belongs to whom, and counts who is turned away', async () => {
    const { streams, access, refusals } = stage(authorize);
    await streams.create('a', { metadata: { 'sluice.owner': 'ann' } });
    expect(await access.may(ann, 'read', 'a')).toBe(true);
    expect(await access.may(bob, 'read', 'a')).toBe(false);
    await access.check(ann, 'read', 'a');
    const check = async (who: Principal | undefined, stream: string) => await access.check(who, 'read', stream);
    await expect(check(bob, 'a')).rejects.toMatchObject({
      code: 'forbidden',
      message: 'these credentials are not good for this: read "a"',
      details: { streamId: 'a' },
    });
    await expect(check(undefined, 'a')).rejects.toMatchObject({
      code: 'unauthenticated',
      message: 'to read "a", say who you are',
    });
    await expect(check(undefined, '')).rejects.toMatchObject({ message: 'to read, say who you are', details: {} });
    expect(refusals.read()).toMatchObject({ forbidden: 1, unauthenticated: 2 });
  });

  it('gives what belongs to a run to whose the run is', async () => {
    const { streams, access } = stage(authorize);
    await streams.create('runs/1', { metadata: { 'sluice.owner': 'ann' } });
    for (const stream of ['runs/1', 'runs/1/steps/a/0']) {
      expect(await access.may(ann, 'read', stream)).toBe(true);
      expect(await access.may(bob, 'read', stream)).toBe(false);
    }
  });

  it('creates what is written to for who writes, and for nobody else', async () => {
    const { streams, access } = stage(authorize);
    await access.checkPublish(ann, 'a');
    expect((await streams.info('a'))?.metadata).toEqual({ 'sluice.owner': 'ann' });
    await access.checkPublish(ann, 'a');
    const publish = async (who: Principal | undefined, stream: string) => await access.checkPublish(who, stream);
    await expect(publish(bob, 'a')).rejects.toMatchObject({ code: 'forbidden' });
    await expect(publish(undefined, 'b')).rejects.toMatchObject({ code: 'unauthenticated' });
    await expect(publish({ ...bob, scopes: ['publish'] }, 'b')).rejects.toMatchObject({ message: /create "b"/ });
    await expect(publish({ ...bob, scopes: ['create'] }, 'b')).rejects.toMatchObject({ message: /publish "b"/ });
    await expect(publish(bob, 'runs/1/inbox')).rejects.toMatchObject({ code: 'forbidden' });
    expect(await streams.info('b')).toBeUndefined();
  });

  it('gives a stream that two create at once to one of them', async () => {
    const { streams, access } = stage(authorize);
    const publish = async (who: Principal) => await access.checkPublish(who, 'a');
    const both = await Promise.allSettled([publish(ann), publish(bob), publish(ann)]);
    expect(both.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
    expect((await streams.info('a'))?.metadata).toEqual({ 'sluice.owner': 'ann' });
  });

  it('lets whoever is known say that a producer lives', async () => {
    const { access } = stage(authorize);
    await access.checkPublish(bob, 'sluice/leases');
    const stranger = async () => await access.checkPublish(undefined, 'sluice/leases');
    await expect(stranger()).rejects.toMatchObject({ code: 'unauthenticated' });
  });

  it('says what belongs into the metadata of what is created', async () => {
    const { access } = stage(authorize);
    expect(await access.checkCreate(ann, 'a')).toEqual({ 'sluice.owner': 'ann' });
    const create = async () => await access.checkCreate({ ...bob, scopes: ['read'] }, 'a');
    await expect(create()).rejects.toMatchObject({ code: 'forbidden' });
  });

  it('says of which stream of a name an answer holds', async () => {
    const { streams, access } = stage(authorize);
    const created = await access.checkPublish(ann, 'a');
    expect(created).toBe((await streams.info('a'))!.life);
    expect([await access.checkPublish(ann, 'a'), await access.permit(ann, 'read', 'a')]).toEqual([created, created]);
    await streams.delete('a');
    const read = async (who: Principal) => await access.permit(who, 'read', 'a');
    await expect(read(ann), 'nobody’s').rejects.toMatchObject({ code: 'forbidden' });
    await expect(read({ ...ann, scopes: ['read:a'] })).rejects.toMatchObject({ code: 'stream-not-found' });
    await access.checkPublish(bob, 'a');
    await expect(read(ann)).rejects.toMatchObject({ code: 'forbidden' });
    expect(await read(bob)).not.toBe(created);
  });

  it('decides by what is known of a stream, where that is at hand', async () => {
    const { streams, access } = stage(authorize);
    await access.checkPublish(ann, 'a');
    const info = (await streams.info('a'))!;
    await streams.delete('a');
    expect([await access.may(ann, 'read', 'a', info), await access.may(bob, 'read', 'a', info)]).toEqual([true, false]);
  });

  it('shows everybody what he may read', async () => {
    const { streams, access } = stage(authorize);
    await streams.create('a', { metadata: { 'sluice.owner': 'ann' } });
    await streams.create('b', { metadata: { 'sluice.owner': 'bob' } });
    await streams.create('c');
    await streams.create('runs/1', { metadata: { 'sluice.owner': 'ann' } });
    await streams.create('runs/1/inbox');
    const seen = async (who: Principal | undefined, prefix = '') => {
      const list = await access.visible(who, await streams.list(prefix));
      return list.map(({ streamId }) => streamId);
    };
    expect(await seen(ann)).toEqual(['a', 'runs/1', 'runs/1/inbox']);
    expect(await seen(ann, 'runs/1/')).toEqual(['runs/1/inbox']);
    expect(await seen({ ...bob, scopes: ['read', 'read:c*'] })).toEqual(['b', 'c']);
    expect(await seen(undefined)).toEqual([]);
  });
});

describe('createAccess', () => {
  it('lets nobody create more streams than he may, whatever door he comes through', async () => {
    const { streams, refusals } = stage();
    const spent: string[] = [];
    const quotas = {
      spend: async (key: string, what: string, amount: number) =>
        await Promise.resolve(spent.push(`${key} ${what} ${amount}`) > 2 ? 700 : undefined),
    };
    const access = createAccess({ streams, authorize: ownersAndScopes, refusals, quotas });
    await access.checkPublish(ann, 'a');
    await access.checkPublish(ann, 'a');
    expect(await access.checkCreate(ann, 'b')).toEqual({ 'sluice.owner': 'ann' });
    const refused = { code: 'rate-limited', details: { retryAfterMs: 700 } };
    await expect((async () => await access.checkPublish(ann, 'c'))()).rejects.toMatchObject(refused);
    await expect((async () => await access.checkCreate(ann, 'c'))()).rejects.toMatchObject(refused);
    expect(spent).toEqual(Array.from({ length: 4 }, () => 'ann streams 1'));
    expect([refusals.read().streams, await streams.info('c')]).toEqual([2, undefined]);
  });

  it('hands on what the log says', async () => {
    const { streams } = stage();
    const access = createAccess({
      streams: { ...streams, info: () => undefined, create: () => Promise.reject(new Error('full')) },
      authorize: ownersAndScopes,
    });
    await expect((async () => await access.checkPublish(ann, 'a'))()).rejects.toThrow('full');
  });
});
