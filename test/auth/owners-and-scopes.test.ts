import { describe, expect, it } from 'vitest';
import { type Action, actions } from 'sluice/auth/auth';
import { checkScope, ownersAndScopes } from 'sluice/auth/owners-and-scopes';

const may = async (scopes: readonly string[] | undefined, action: Action, stream: string, owner?: string) =>
  await ownersAndScopes({ id: 'ann', ...(scopes === undefined ? {} : { scopes }) }, action, stream, () => owner);

describe('ownersAndScopes', () => {
  it.each(actions)('lets nobody unknown %s', (action) => {
    expect(ownersAndScopes(undefined, action, 'a', () => undefined)).toBe(false);
  });

  it.each<[readonly string[] | undefined, Action, string, string | undefined, boolean]>([
    // Without scopes: what is one's own.
    [undefined, 'create', 'a', undefined, true],
    [undefined, 'run', '', undefined, true],
    [undefined, 'list', '', undefined, true],
    [undefined, 'read', 'a', 'ann', true],
    [undefined, 'read', 'a', 'bob', false],
    [undefined, 'read', 'a', undefined, false],
    [undefined, 'answer', 'runs/1', 'ann', true],
    [undefined, 'answer', 'runs/1', 'bob', false],
    [undefined, 'admin', '', 'ann', false],
    // What belongs to somebody is not his to forge.
    [undefined, 'publish', 'runs/1', 'ann', false],
    [undefined, 'publish', 'runs/1/inbox', 'ann', false],
    [undefined, 'delete', 'runs/1', 'ann', false],
    [undefined, 'cancel', 'runs/1', 'ann', true],
    [['publish:runs/*'], 'publish', 'runs/1/x', 'bob', true],
    // Scopes narrow.
    [['read'], 'read', 'a', 'ann', true],
    [['read'], 'read', 'a', 'bob', false],
    [['read'], 'publish', 'a', 'ann', false],
    [['read'], 'create', 'a', undefined, false],
    [[], 'read', 'a', 'ann', false],
    [['openid', 'profile'], 'read', 'a', 'ann', false],
    // Scopes widen.
    [['read:books/one'], 'read', 'books/one', 'bob', true],
    [['read:books/one'], 'read', 'books/one/two', 'bob', false],
    [['read:books/*'], 'read', 'books/one/two', undefined, true],
    [['read:books/*'], 'read', 'books', undefined, false],
    [['read:books/*'], 'read', 'a', 'ann', false],
    [['read:books/*', 'read'], 'read', 'a', 'ann', true],
    [['*:books/*'], 'delete', 'books/a', 'bob', true],
    [['*:*'], 'read', 'a', 'bob', true],
    // What the server writes for itself.
    [['*:*'], 'read', 'sluice/server/forks', undefined, false],
    [['read:sluice/*'], 'read', 'sluice/leases', undefined, false],
    [['*:*'], 'publish', '__ds/x', undefined, false],
    [['*:*'], 'admin', '', undefined, false],
    [['admin'], 'admin', '', undefined, true],
    [['admin'], 'read', 'sluice/leases', undefined, true],
  ])('with %j: %s %s of %s is %s', async (scopes, action, stream, owner, allowed) => {
    expect(await may(scopes, action, stream, owner)).toBe(allowed);
  });

  it('waits for an owner that is looked up', async () => {
    const owned = ownersAndScopes({ id: 'ann' }, 'read', 'a', async () => await Promise.resolve('ann'));
    expect(owned).toBeInstanceOf(Promise);
    expect(await owned).toBe(true);
  });

  it('does not look an owner up that does not matter', () => {
    const owner = () => {
      throw new Error('looked up');
    };
    expect(ownersAndScopes({ id: 'ann', scopes: ['read:*'] }, 'read', 'a', owner)).toBe(true);
    expect(ownersAndScopes({ id: 'ann' }, 'create', 'a', owner)).toBe(true);
    expect(ownersAndScopes({ id: 'ann', scopes: ['publish'] }, 'read', 'a', owner)).toBe(false);
  });
});

describe('checkScope', () => {
  it.each(['read', 'read:a', '*', '*:a/*', 'admin'])('takes %s', (scope) => {
    expect(checkScope(scope)).toBe(scope);
  });

  it.each(['', 'write', 'read:', 'Read:a'])('refuses %j', (scope) => {
    expect(() => checkScope(scope)).toThrow(TypeError);
  });
});
