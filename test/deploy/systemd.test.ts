import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { readConfig } from '../../src/node/config/index.js';

const file = fileURLToPath(new URL('../../deploy/sluice.service', import.meta.url));
const text = readFileSync(file, 'utf8');
/** Without a configuration file. */
const folder = fileURLToPath(new URL('../../deploy', import.meta.url));
const valueOf = (key: string) => new RegExp(`^${key}=(.*)$`, 'm').exec(text)?.[1];
const hasSystemd = spawnSync('systemd-analyze', ['--version']).status === 0;

describe('the unit of systemd', () => {
  it('is configured with settings that there are', async () => {
    const environment = valueOf('Environment')!
      .split(' ')
      .map((pair) => pair.split('=') as [string, string]);
    const { config } = await readConfig({ environment: Object.fromEntries(environment), folder });
    expect(config).toMatchObject({ log: 'lmdb:/var/lib/sluice/streams', telemetry: { logLevel: 'info' } });
    // It may write there, and nowhere else.
    expect([valueOf('StateDirectory'), valueOf('ProtectSystem')]).toEqual(['sluice', 'strict']);
  });

  it('waits longer than the server takes to leave', async () => {
    const { config } = await readConfig({ environment: {}, folder });
    expect(Number(valueOf('TimeoutStopSec')) * 1000).toBeGreaterThan(config.drainMs);
  });

  it.runIf(hasSystemd)('is one, by its own judgement', () => {
    const { status, stderr } = spawnSync('systemd-analyze', ['verify', file], { encoding: 'utf8' });
    expect([status, stderr]).toEqual([0, '']);
  });

  it.runIf(hasSystemd)('gives little away', () => {
    const { stdout } = spawnSync('systemd-analyze', ['security', '--offline=true', '--no-pager', file], {
      encoding: 'utf8',
    });
    const [, exposure] = /exposure level for \S+: ([\d.]+)/.exec(stdout) ?? [];
    expect(Number(exposure)).toBeLessThan(2.5);
  });
});
