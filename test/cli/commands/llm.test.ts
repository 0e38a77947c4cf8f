import { describe, expect, it } from 'vitest';
import { dataFile } from '../../data.js';
import type { Ended, Running } from '../../run.js';
import { command } from '../command-line.js';

const run = command();

const llm = (...args: string[]): Running => run(['llm', ...args]);

/** Runs `sluice llm -` on an input. */
async function read(input: string | Buffer, ...args: string[]): Promise<Ended> {
  const running = llm('-', ...args);
  running.process.stdin.on('error', () => {}).end(input);
  return await running.ended;
}

const chunk = (delta: object, more: object = {}): string =>
  `data: ${JSON.stringify({ id: 'x', choices: [{ index: 0, delta, ...more }] })}\n\n`;
const said = chunk({ reasoning: 'hm' }) + chunk({ content: 'Hello' }) + chunk({ content: ' 🐋\n' });
const whole = `${said + chunk({}, { finish_reason: 'stop' })}data: [DONE]\n\n`;
const chat = ['--format', 'openai-chat'];

describe('sluice llm', () => {
  it('writes the text, byte for byte, and nothing else', async () => {
    const { code, stdout, stderr } = await read(whole, ...chat);
    expect([code, stdout.toString(), stderr]).toEqual([0, 'Hello 🐋\n', '']);
  });

  it('writes what the model thinks', async () => {
    expect((await read(whole, ...chat, '--reasoning')).stdout.toString()).toBe('hm');
  });

  it('writes every event as a line', async () => {
    const { stdout } = await read(whole, ...chat, '--events');
    const events = stdout
      .toString()
      .trim()
      .split('\n')
      .map((line) => (JSON.parse(line) as { type: string }).type);
    const types = ['start', 'reasoning-start', 'reasoning-delta', 'reasoning-end', 'text-start'];
    expect(events).toEqual([...types, 'text-delta', 'text-delta', 'text-end', 'finish']);
  });

  it('ends with 3 where the answer is cut off, behind what there was', async () => {
    const { code, stdout, stderr } = await read(said, ...chat);
    expect([code, stdout.toString()]).toEqual([3, 'Hello 🐋\n']);
    expect(stderr).toBe('sluice: truncated: the data end before the answer does\n');
  });

  it('ends with 4 where the provider fails', async () => {
    const { code, stdout, stderr } = await read(`${said}data: {"error":{"message":"no"}}\n\n`, ...chat, '--events');
    expect([code, stderr]).toEqual([4, 'sluice: provider: no\n']);
    expect(stdout.toString()).toContain('{"type":"error","trouble":"provider","message":"no"');
  });

  it('ends with 5 where it is told to stop, while the answer is on its way', async () => {
    const running = llm('-', ...chat);
    running.process.stdin.write(said);
    await running.says(/Hello/);
    running.process.kill('SIGINT');
    expect(await running.ended).toMatchObject({ code: 5, stderr: 'sluice: aborted: interrupted\n' });
  });

  it('ends with 1 where the input is something else', async () => {
    const { code, stderr } = await read('data: hello\n\n', ...chat);
    expect([code, stderr]).toEqual([1, 'sluice: malformed: an event is not JSON: hello\n']);
  });

  it('ends with 1 where there is no input', async () => {
    const missing = await llm('no-such-file', ...chat).ended;
    expect(missing.code).toBe(1);
    expect(missing.stderr).toContain('ENOENT');
  });

  it('wants to know the format', async () => {
    expect((await llm('-').ended).stderr).toContain("required option '--format <format>' not specified");
  });

  it('writes one thing', async () => {
    const both = await llm('-', ...chat, '--text', '--events').ended;
    expect(both.stderr).toContain('cannot be used with');
  });

  const recording = dataFile('llm/anthropic-thinking-signature.sse');
  it.skipIf(recording === undefined)('reads a file', async () => {
    const { code, stdout } = await llm(recording!, '--format', 'anthropic', '--text').ended;
    expect([code, stdout.toString().length]).toEqual([0, 1021]);
  });
});
