import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { configSchema, configTelemetry } from 'sluice/node/config';
import { describe, expect, it, vi } from 'vitest';

const root = fileURLToPath(new URL('../../../', import.meta.url));

/** What a configuration says of telemetry. */
const telemetryOf = (telemetry: object) => configTelemetry(configSchema.parse({ telemetry }));

describe('configTelemetry', () => {
  it('measures, unless it is told not to', async () => {
    const telemetry = await telemetryOf({});
    if (telemetry === false) throw new Error('it should measure');
    expect(await telemetry.prometheus()).toContain('sluice_append_chunks_total 0\n');
    expect(await telemetryOf({ enabled: false })).toBe(false);
  });

  it('hands over to OpenTelemetry', async () => {
    expect(await telemetryOf({ openTelemetry: true })).toBeTypeOf('object');
  });

  it.each([
    ['pino', { logLevel: 'info' }, 'telemetry.logLevel'],
    ['@opentelemetry/api', { openTelemetry: true }, 'telemetry.openTelemetry'],
  ])('says when %s is missing, and for what', async (name, options, field) => {
    vi.doMock(name, () => {
      throw new Error('not here');
    });
    await expect(telemetryOf(options)).rejects.toMatchObject({
      code: 'config-invalid',
      message: `${field}: this needs the package "${name}": npm install ${name}`,
      details: { field },
    });
    vi.doUnmock(name);
  });

  it('writes lines of JSON on standard error, and nothing of them on standard output', async () => {
    const args = ['-C', 'sluice-source', '--import', 'tsx', 'src/cli/main.ts', 'serve', '--port', '0'];
    const child = spawn(process.execPath, [...args, '--telemetry-log-level', 'info'], { cwd: root });
    let said = '';
    let lines = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => (said += text));
    child.stderr.setEncoding('utf8').on('data', (text: string) => (lines += text));
    await vi.waitFor(() => expect(said).toContain('listening on http'), 50_000);
    child.kill('SIGTERM');
    await once(child, 'close');
    expect(said).toMatch(/^listening on http:\S+\n$/);
    expect(
      lines
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line) as object),
    ).toMatchObject([
      { level: 30, name: 'sluice', msg: 'listening' },
      { level: 30, name: 'sluice', msg: 'closing' },
    ]);
  }, 60_000);
});
