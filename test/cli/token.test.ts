import { Command } from 'commander';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { token, tokenOption, useToken } from '../../src/cli/token.js';

afterEach(() => vi.unstubAllEnvs());

/** What a command that was told this knows. */
function told(...words: string[]): string | undefined {
  useToken(new Command('x').addOption(tokenOption()).parse(words, { from: 'user' }));
  return token();
}

describe('token', () => {
  it('is what the flag says, or the environment', () => {
    vi.stubEnv('SLUICE_TOKEN', 'from the environment');
    expect(told()).toBe('from the environment');
    expect(told('--token', 'from the flag')).toBe('from the flag');
  });

  it('is none where nobody says one', () => {
    vi.stubEnv('SLUICE_TOKEN', '');
    expect(told()).toBeUndefined();
  });
});
