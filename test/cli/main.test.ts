import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { commandLine } from './command-line.js';

const { sluice } = commandLine();

describe('sluice', () => {
  it('tells its version and its commands', async () => {
    const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as {
      version: string;
    };
    expect((await sluice('--version').ended).stdout.toString()).toBe(`${version}\n`);
    const help = (await sluice('--help').ended).stdout.toString();
    for (const command of [
      'serve',
      'publish',
      'tail',
      'ls',
      'info',
      'cancel',
      'run',
      'replay',
      'answer',
      'actor',
      'worker',
      'llm',
    ])
      expect(help).toContain(command);
  });

  it('refuses a command it does not know', async () => {
    const { code, stderr } = await sluice('sing').ended;
    expect(stderr).toContain("unknown command 'sing'");
    expect(stderr).toContain('(sluice --help tells more)');
    expect(code).toBe(1);
  });

  it.each([['tail'], ['actor', 'run']])('tells where the words of %s %s are, when they are wrong', async (...words) => {
    const { stderr } = await sluice(...words).ended;
    expect(stderr).toContain(`(sluice ${words.join(' ')} --help tells more)`);
  });
});
