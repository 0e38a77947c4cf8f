import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { run } from '../../run.js';
import { main } from '../command-line.js';
import { ndjson } from '../ndjson.js';
import { inTerminal, scriptPath } from '../terminal.js';

describe('sluice config', () => {
  it('shows every setting and where it comes from, without passwords', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'sluice-config-'));
    try {
      const file = join(folder, 'mine.toml');
      writeFileSync(file, 'port = 80\nstaleMs = inf\n');
      const { code, stdout, stderr } = await run(main, ['config', '--print', '--config', file, '--host', 'localhost'], {
        SLUICE_LOG: 'redis://me:hush@localhost:6379',
        SLUICE_PROT: '1',
      }).ended;
      expect({ code, stderr }).toEqual({ code: 0, stderr: 'sluice: SLUICE_PROT is no setting\n' });
      expect(stdout.toString()).not.toContain('hush');
      expect(ndjson(stdout)).toEqual(
        expect.arrayContaining([
          { name: 'port', value: 80, from: 'mine.toml' },
          { name: 'host', value: 'localhost', from: '--host' },
          { name: 'log', value: 'redis://***@localhost:6379', from: 'SLUICE_LOG' },
          { name: 'staleMs', value: 'Infinity', from: 'mine.toml' },
          { name: 'module', value: null, from: 'default' },
        ]),
      );
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it('says that all is valid, or what is not', async () => {
    const valid = await run(main, ['config']).ended;
    expect([valid.code, valid.stdout.toString()]).toEqual([0, 'no file: every setting is valid\n']);
    const { code, stdout, stderr } = await run(main, ['config'], { SLUICE_PORT: 'ten' }).ended;
    expect([code, stdout.toString()]).toEqual([1, '']);
    expect(stderr).toBe(
      'sluice: port (SLUICE_PORT): must be a whole number, 0 to 65535, got a string (config-invalid)\n',
    );
  });

  it.skipIf(scriptPath === undefined)('shows a table on a terminal', async () => {
    const { code, stdout } = await inTerminal('config', '--print', '--origins', 'https://example.com').ended;
    const shown = stdout.toString();
    expect(shown).toMatch(/^SETTING +VALUE +FROM\r\n/);
    expect(shown).toMatch(/^origins +\["https:\/\/example\.com"\] +--origins\r$/m);
    expect(shown).toMatch(/^module +default\r$/m);
    expect(code).toBe(0);
  });
});
