import { Command } from 'commander';
import { describe, expect, it } from 'vitest';
import { configOf, withConfig } from '../../src/cli/config-options.js';

async function told(...args: string[]) {
  const command = withConfig(new Command('serve')).exitOverride();
  await command.parseAsync(args, { from: 'user' });
  return (await configOf(command.opts())).config;
}

describe('config options', () => {
  it('is a flag for every setting', async () => {
    expect(await told('--port', '80', '--websocket-ping-ms', '5', '--pipelines', 'a.json', 'b.json')).toMatchObject({
      port: 80,
      pipelines: ['a.json', 'b.json'],
      websocket: { pingMs: 5 },
    });
  });

  it('is on when it is named, unless it says otherwise', async () => {
    expect((await told('--allow-public')).allowPublic).toBe(true);
    expect((await told('--allow-public', 'false')).allowPublic).toBe(false);
    await expect(told('--allow-public', 'perhaps')).rejects.toThrow(
      'allowPublic (--allow-public): must be true or false',
    );
  });
});
