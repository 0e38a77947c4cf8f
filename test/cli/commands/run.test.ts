import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { commandLine, fromSources } from '../command-line.js';
import { ndjson, typesIn } from '../ndjson.js';
import { approve, fail, greet, wait } from '../pipelines.js';
import { inTerminal, scriptPath } from '../terminal.js';

const { sluice } = commandLine(fromSources);
const module = 'test/cli/pipelines.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sluice-run-'));
});
afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
});

/** A pipeline written in a file of its own. */
async function written(name: string, text: string | object): Promise<string> {
  const file = join(folder, name);
  await writeFile(file, typeof text === 'string' ? text : JSON.stringify(text));
  return file;
}

// Each of these starts programs, and a machine may have other work.
describe('sluice run', { timeout: 120_000 }, () => {
  it('runs a pipeline of a module, an event a line', async () => {
    const { code, stdout, stderr } = await sluice('run', module, '--name', greet.name, '--input', '"you"').ended;
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(typesIn(stdout).filter((type) => type !== 'step_output')).toEqual([
      'pipeline_start',
      'step_start',
      'step_progress',
      'step_complete',
      'step_start',
      'step_complete',
      'pipeline_complete',
    ]);
    expect(ndjson(stdout).at(-1)).toMatchObject({ step_id: null, data: { output: 'HELLO YOU' } });
  });

  it('runs one that is written in JSON or in YAML', async () => {
    const steps = [{ id: 'say', type: 'greet', with: { name: 'you' } }];
    const json = await written('one.json', { name: 'one', steps });
    const { code, stdout } = await sluice('run', json, '--module', module, '--execution-id', 'mine').ended;
    expect(code).toBe(0);
    expect(ndjson(stdout).at(-1)).toMatchObject({ execution_id: 'mine', data: { output: 'hello you' } });
    const yaml = await written(
      'two.yaml',
      'name: two\nsteps:\n  - id: give\n    type: value\n    with: { value: 7 }\n',
    );
    expect(ndjson((await sluice('run', yaml).ended).stdout).at(-1)).toMatchObject({ data: { output: 7 } });
  });

  it('takes its input from a file, or from standard input', async () => {
    const input = await written('input.json', '"file"');
    const args = ['run', module, '--name', greet.name, '--input'];
    expect((await sluice(...args, `@${input}`).ended).stdout.toString()).toContain('HELLO FILE');
    const piped = sluice(...args, '-');
    piped.process.stdin.end('"pipe"');
    expect((await piped.ended).stdout.toString()).toContain('HELLO PIPE');
  });

  it('ends with 1 when the run fails', async () => {
    const { code, stdout } = await sluice('run', module, '--name', fail.name).ended;
    expect(code).toBe(1);
    expect(ndjson(stdout).at(-1)).toMatchObject({ event_type: 'pipeline_error', data: { message: 'it broke' } });
  });

  it.each(['SIGINT', 'SIGTERM'] as const)('cancels the run at %s, tells so, and ends with 130', async (signal) => {
    const running = sluice('run', module, '--name', wait.name);
    await running.says(/"sitting"/);
    running.process.kill(signal);
    const { code, stdout } = await running.ended;
    expect(ndjson(stdout).at(-1)).toMatchObject({
      event_type: 'pipeline_cancelled',
      data: { reason: 'interrupted' },
    });
    expect(code).toBe(130);
  });

  it('answers a step that waits as it was told', async () => {
    const { code, stdout } = await sluice('run', module, '--name', approve.name, '--answer', 'ok=true', '--as', 'ann')
      .ended;
    expect([code, ndjson(stdout).at(-1)]).toMatchObject([0, { data: { output: true } }]);
  });

  it('goes on with a run of which the process was killed', async () => {
    const log = `lmdb:${join(folder, 'log')}`;
    const args = ['run', module, '--name', wait.name, '--log', log];
    const killed = sluice(...args, '--execution-id', 'again');
    await killed.says(/"sitting"/);
    killed.process.kill('SIGKILL');
    await killed.ended;
    const second = sluice(...args, '--resume', 'again');
    await second.says(/"attempt":2[^]*"sitting"/);
    second.process.kill('SIGINT');
    const { code, stdout } = await second.ended;
    expect(code).toBe(130);
    expect(typesIn(stdout).filter((type) => type === 'pipeline_start')).toHaveLength(2);
  });

  it.skipIf(scriptPath === undefined)('shows the steps live on a terminal, and what came of them', async () => {
    const { code, stdout } = await inTerminal('run', module, '--name', greet.name, '--input', '"you"').ended;
    const screen = stdout.toString();
    expect(code).toBe(0);
    expect(screen).toMatch(/✓ greet {2}[\w-]{36} {2}\d+\.\d s\r\n {2}✓ say {2}\d+\.\d s\r\n {2}✓ shout/);
    expect(screen.trimEnd()).toMatch(/HELLO YOU$/);
  });

  it.skipIf(scriptPath === undefined)('asks who sits at the terminal', async () => {
    const running = inTerminal('run', module, '--name', approve.name, '--as', 'ann');
    await running.says(/ok \(May it\?\): /);
    running.process.stdin.write('it may\r');
    const { code, stdout } = await running.ended;
    expect(code).toBe(0);
    expect(stdout.toString().trimEnd()).toMatch(/it may$/);
  });

  it.skipIf(scriptPath === undefined)('turns while a step is at work, and hears Ctrl-C', async () => {
    const running = inTerminal('run', module, '--name', wait.name);
    await running.says(/[⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏] sit {2}sitting/);
    running.process.stdin.write('\u0003');
    const { code, stdout } = await running.ended;
    expect(stdout.toString()).toMatch(/✗ wait {2}[\w-]{36} {2}cancelled: interrupted\r\n/);
    expect(code).toBe(130);
  });

  it.skipIf(scriptPath === undefined)('hears Ctrl-C, also where it asks', async () => {
    const running = inTerminal('run', module, '--name', approve.name);
    await running.says(/ok \(May it\?\): /);
    running.process.stdin.write('\u0003');
    const { code, stdout } = await running.ended;
    expect(stdout.toString()).toContain('cancelled: interrupted');
    expect(code).toBe(130);
  });

  it.each([
    [[module], 'there are several pipelines, name one: approve, fail, greet, relay, survive, wait'],
    [[module, '--name', 'none'], 'there is no pipeline "none"'],
    [[module, '--name', 'greet', '--input', 'you'], '--input is not JSON'],
    [[module, '--name', 'greet', '--input', '@none.json'], 'ENOENT'],
    [[module, '--name', 'greet', '--log', 'paper'], 'log must be one of'],
    [[module, '--name', 'greet', '--execution-id', 'a/b'], 'executionId must not hold "/"'],
    [[module, '--name', 'greet', '--resume', 'none'], 'there is no run "none" (run-not-found)'],
    [['test/cli/none.mjs'], 'none.mjs'],
    [['test/cli/ndjson.ts'], 'exports no pipeline'],
    [[module, '--answer', 'ok'], '--answer must be NAME=VALUE'],
  ])('refuses %j and says why', async (args, why) => {
    const { code, stdout, stderr } = await sluice('run', ...args).ended;
    expect(stderr).toContain(why);
    expect({ code, stdout: stdout.toString() }).toEqual({ code: 1, stdout: '' });
  });

  it('says what is wrong with what is written', async () => {
    const file = await written('wrong.json', { name: 'one', steps: [{ id: 'a', type: 'fly' }] });
    const { code, stderr } = await sluice('run', file).ended;
    expect([code, stderr]).toEqual([1, expect.stringContaining('steps.0.type')]);
  });
});
