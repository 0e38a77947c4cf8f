import { describe, expect, it } from 'vitest';
import type { LlmEvent } from '../../../src/source/llm/llm.js';
import { OpenTools } from '../../../src/source/llm/open-tools.js';
import { Sequencer } from '../../../src/source/llm/sequencer.js';

function setUp(maxInputLength = Infinity) {
  const events: LlmEvent[] = [];
  const sequencer = new Sequencer('openai-chat', (event) => void events.push(event));
  sequencer.start(undefined, undefined);
  events.length = 0;
  const tools = new OpenTools(sequencer, maxInputLength);
  const open = (id: string, more: object = {}) => tools.open(id, { id, name: 'n', index: 0, ...more });
  return { events, tools, open };
}

const called = (id: string, input: unknown, inputText: string): object => {
  return { type: 'tool-call', toolCallId: id, toolName: 'n', input, inputText };
};

describe('OpenTools', () => {
  it('tells a tool from its name to its call', () => {
    const { events, tools, open } = setUp();
    const tool = open('a', { index: 3, choice: 1 });
    tool.signature = 'signed';
    for (const piece of ['{"b"', ':1}']) tools.append(tool, piece);
    tools.end(tool);
    tools.end(tool);
    expect(events).toEqual([
      { type: 'tool-input-start', toolCallId: 'a', toolName: 'n', choice: 1, index: 3 },
      { type: 'tool-input-delta', toolCallId: 'a', delta: '{"b"' },
      { type: 'tool-input-delta', toolCallId: 'a', delta: ':1}' },
      { ...called('a', { b: 1 }, '{"b":1}'), choice: 1, signature: 'signed' },
    ]);
    expect(tools.calls).toBe(1);
  });

  it('keeps halves of characters until they are whole', () => {
    const { events, tools, open } = setUp();
    const tool = open('c');
    tools.append(tool, '"\ud83d');
    tools.append(tool, '\ude00"');
    tools.end(tool);
    const cut = open('d');
    tools.append(cut, '"\ud83d');
    tools.end(cut);
    expect(events).toContainEqual(called('c', '😀', '"😀"'));
    expect(events.at(-1)).toMatchObject({ type: 'tool-input-error', toolCallId: 'd', inputText: '"\ufffd' });
  });

  it('takes halves of characters out of what an input says in escapes', () => {
    const { events, tools, open } = setUp();
    const tool = open('c');
    tools.append(tool, String.raw`["\ud83d","\uD83D\uDE00"]`);
    tools.end(tool);
    expect(events.at(-1)).toMatchObject({ input: ['\ufffd', '😀'] });
  });

  it('refuses an input that is no JSON, and takes any text where it is free', () => {
    const { events, tools, open } = setUp();
    for (const [id, free] of [
      ['a', false],
      ['b', true],
    ] as const) {
      const tool = open(id, { free });
      tools.append(tool, 'ls -l');
      tools.end(tool);
    }
    expect(events[2]).toMatchObject({ type: 'tool-input-error', toolCallId: 'a', inputText: 'ls -l' });
    expect(events[2]).toHaveProperty('message', expect.stringContaining('JSON'));
    expect(events.at(-1)).toEqual(called('b', 'ls -l', 'ls -l'));
    expect(tools.calls).toBe(1);
  });

  it('waits with a tool without input until it is certain that there was none', () => {
    const { events, tools, open } = setUp();
    tools.end(open('a'));
    const blank = open('b', { free: true });
    expect(events.slice(1, 2)).toEqual([called('a', {}, '{}')]);
    tools.append(blank, ' ');
    tools.end(blank);
    expect(events.at(-1)).toMatchObject({ type: 'tool-input-delta' });
    tools.settle(false);
    tools.settle(true);
    expect(events.at(-1)).toEqual(called('b', '', ''));
    tools.end(open('c'));
    tools.settle(true);
    expect(events.at(-1)).toMatchObject({ type: 'tool-input-error', toolCallId: 'c', message: 'the input is cut off' });
    expect(tools.calls).toBe(2);
  });

  it('ends a tool in whose place another is called', () => {
    const { events, tools } = setUp();
    const first = tools.open('x', { id: 'a', name: 'n', index: 0 });
    tools.append(first, '1');
    const second = tools.open('x', { id: 'a', name: 'n', index: 1 });
    expect(events.slice(-2)).toEqual([
      called('a', 1, '1'),
      { type: 'tool-input-start', toolCallId: 'a-2', toolName: 'n', index: 1 },
    ]);
    expect(tools.get('x')).toBe(second);
  });

  it('names a tool that has no id', () => {
    const { events, open } = setUp();
    open('a');
    open('b', { id: undefined });
    expect(events.at(-1)).toMatchObject({ toolCallId: 'call-1' });
  });

  it('ends all that are open', () => {
    const { events, tools, open } = setUp();
    for (const id of ['a', 'b']) tools.append(open(id), '1');
    tools.endAll();
    expect(events.slice(-2)).toEqual([called('a', 1, '1'), called('b', 1, '1')]);
    expect(tools.get('a')).toBeUndefined();
  });

  it('refuses once, as it is told', () => {
    const { events, tools, open } = setUp();
    const tool = open('a');
    tools.append(tool, '{');
    tools.refuse(tool, 'no use');
    tools.refuse(tool, 'no use');
    tools.end(tool);
    expect(events.slice(2)).toEqual([
      { type: 'tool-input-error', toolCallId: 'a', toolName: 'n', inputText: '{', message: 'no use' },
    ]);
    expect(tools.calls).toBe(0);
  });

  it('does not take an input that is too long', () => {
    const { tools, open } = setUp(5);
    const tool = open('a');
    tools.append(tool, '12345');
    expect(() => tools.append(tool, '6')).toThrow('longer than maxEventLength = 5');
  });

  it('finds the tool of a choice that was opened last', () => {
    const { tools, open } = setUp();
    expect(tools.last(0)).toBeUndefined();
    for (const id of ['a', 'b']) open(id);
    open('c', { choice: 1 });
    expect(tools.last(0)?.key).toBe('b');
    expect(tools.last(1)?.key).toBe('c');
  });

  it('waits for tools that are ours to run, not for those of the provider', () => {
    const { events, tools, open } = setUp();
    for (const [choice, providerExecuted] of [true, false].entries()) {
      const tool = open(`${choice}`, { choice, providerExecuted });
      tools.append(tool, '1');
      tools.end(tool);
    }
    expect([tools.isAwaited(0), tools.isAwaited(1), tools.isAwaited(2)]).toEqual([false, true, false]);
    expect(events[2]).toEqual({ ...called('0', 1, '1'), providerExecuted: true });
  });

  it('goes on with what was open in events that were kept', () => {
    const { events, tools, open } = setUp();
    const kept: LlmEvent[] = [
      { type: 'tool-input-start', toolCallId: 'a', toolName: 'n', index: 0 },
      { type: 'tool-input-start', toolCallId: 'b', toolName: 'n', index: 1, choice: 1, sequence: 7 },
      { type: 'tool-input-start', toolCallId: 'c', toolName: 'n', index: 2 },
      { type: 'tool-input-delta', toolCallId: 'a', delta: '1' },
      { type: 'tool-input-delta', toolCallId: 'b', delta: '[2' },
      { type: 'tool-input-delta', toolCallId: 'unknown', delta: '9' },
      { type: 'tool-call', toolCallId: 'a', toolName: 'n', input: 1, inputText: '1' },
      {
        type: 'tool-call',
        toolCallId: 'unknown',
        toolName: 'n',
        choice: 3,
        input: 1,
        inputText: '1',
        providerExecuted: true,
      },
      { type: 'tool-input-error', toolCallId: 'c', toolName: 'n', inputText: '', message: 'no' },
      { type: 'keep-alive' },
    ];
    for (const event of kept) tools.recall(event);
    expect(events).toEqual([]);
    expect(tools.calls).toBe(2);
    expect([tools.isAwaited(0), tools.isAwaited(3)]).toEqual([true, false]);
    expect([tools.get('0'), tools.get('2')]).toEqual([undefined, undefined]);
    const tool = tools.get('1')!;
    tools.append(tool, ']');
    tools.end(tool);
    open('b', { id: 'b' });
    open('d', { id: undefined });
    expect(events).toEqual([
      { type: 'tool-input-delta', toolCallId: 'b', delta: ']' },
      { ...called('b', [2], '[2]'), choice: 1 },
      { type: 'tool-input-start', toolCallId: 'b-2', toolName: 'n', index: 0 },
      { type: 'tool-input-start', toolCallId: 'call-4', toolName: 'n', index: 0 },
    ]);
  });
});
