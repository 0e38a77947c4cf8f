import { describe, expect, it } from 'vitest';
import type { LlmEvent } from '../../../src/source/llm/llm.js';
import { Transcript } from '../../../src/source/llm/transcript.js';
import { checkLaw } from './reading.js';

function write(work: (transcript: Transcript) => void, max?: number): LlmEvent[] {
  const events: LlmEvent[] = [];
  const transcript = new Transcript('openai-chat', (event) => void events.push(event), max);
  transcript.start('a', undefined);
  work(transcript);
  return events;
}

describe('Transcript', () => {
  it('starts once', () => {
    expect(write((it) => it.start('b', 'm'))).toEqual([{ type: 'start', format: 'openai-chat', id: 'a' }]);
  });

  it('keeps halves of characters until they are whole', () => {
    const [, , ...rest] = write((it) => {
      const part = it.open('text', 'x');
      it.append(part, 'a\ud83d');
      it.append(part, '\ude00b');
      it.append(part, '\ud83d');
      it.append(part, 'c\ud83d');
      it.close(part);
      it.close(part);
    });
    const deltas = rest.flatMap((event) => ('delta' in event ? [event.delta] : []));
    expect(deltas).toEqual(['a', '😀b', '\ufffdc', '\ufffd']);
    expect(rest.at(-1)).toEqual({ type: 'text-end', id: 'text-0' });
  });

  it('keeps halves of characters in inputs, too', () => {
    const events = write((it) => {
      const tool = it.openTool('x', { id: 'c', name: 'n', index: 0 });
      it.appendInput(tool, '"\ud83d');
      it.appendInput(tool, '\ude00"');
      it.endTool(tool);
      const cut = it.openTool('y', { id: 'd', name: 'n', index: 1 });
      it.appendInput(cut, '"\ud83d');
      it.endTool(cut);
    });
    expect(events).toContainEqual(expect.objectContaining({ type: 'tool-call', input: '😀' }));
    const refused = expect.objectContaining({ type: 'tool-input-error', inputText: '"\ufffd' }) as unknown;
    expect(events).toContainEqual(refused);
  });

  it('closes what is open at the end, and says what it took before the last word', () => {
    const events = write((it) => {
      it.append(it.open('reasoning', 'r'), 'hm');
      it.append(it.open('text', 't'), 'hi');
      it.appendInput(it.openTool('x', { id: undefined, name: 'n', index: 3 }), '{"a":1}');
      it.usage = { inputTokens: 1, raw: null };
      it.stop('stop', 'done');
      it.finish();
    });
    checkLaw(events);
    expect(events.slice(-5)).toEqual([
      { type: 'reasoning-end', id: 'reasoning-0' },
      { type: 'text-end', id: 'text-1' },
      { type: 'tool-call', toolCallId: 'call-0', toolName: 'n', input: { a: 1 }, inputText: '{"a":1}' },
      { type: 'usage', usage: { inputTokens: 1, raw: null } },
      { type: 'finish', finishReason: 'tool-calls', rawFinishReason: 'done', usage: { inputTokens: 1, raw: null } },
    ]);
  });

  it('waits with a tool without input until it is certain that there was none', () => {
    const tool = (it: Transcript): void => it.endTool(it.openTool('x', { id: 'c', name: 'n', index: 0 }));
    const call = { type: 'tool-call', toolCallId: 'c', toolName: 'n', input: {}, inputText: '{}' };
    const types = (events: LlmEvent[]): string[] => events.map(({ type }) => type);
    expect(types(write(tool))).toEqual(['start', 'tool-input-start']);
    const goesOn = write((it) => {
      tool(it);
      it.open('text', 't');
    });
    expect(goesOn.slice(-2)).toEqual([call, { type: 'text-start', id: 'text-0' }]);
    const stops = write((it) => {
      tool(it);
      it.stop('tool-calls', 'x');
      it.finish();
    });
    expect(stops.at(-2)).toEqual(call);
    const isCut = write((it) => {
      tool(it);
      it.stop('length', 'x');
      it.finish();
    });
    expect(isCut.at(-2)).toMatchObject({ type: 'tool-input-error', message: 'the input is cut off' });
  });

  it('does not count what the provider runs itself as a call of ours', () => {
    const events = write((it) => {
      const tool = it.openTool('x', { id: 'c', name: 'n', index: 0, providerExecuted: true });
      it.appendInput(tool, '{}');
      it.endTool(tool);
      it.endTool(tool);
      it.stop('stop', 'x');
      it.finish();
    });
    expect(events.at(-1)).toMatchObject({ finishReason: 'stop' });
    expect(events).toContainEqual(expect.objectContaining({ type: 'tool-call', providerExecuted: true }));
  });

  it('tells several answers apart', () => {
    const events = write((it) => {
      it.append(it.open('text', 'b', 1), 'b');
      it.append(it.open('text', 'a', 0), 'a');
      it.closeParts(1);
      it.stop('length', 'l', 1);
      it.stop('stop', 's', 0);
      it.finish();
    });
    checkLaw(events);
    expect(events[2]).toEqual({ type: 'text-delta', id: 'text-0', choice: 1, delta: 'b' });
    expect(events.at(-1)).toEqual({
      type: 'finish',
      finishReason: 'stop',
      rawFinishReason: 's',
      choices: [
        { choice: 0, finishReason: 'stop', rawFinishReason: 's' },
        { choice: 1, finishReason: 'length', rawFinishReason: 'l' },
      ],
    });
  });

  it('finds the tool and the part that were opened last', () => {
    write((it) => {
      expect(it.lastTool(0)).toBeUndefined();
      it.openTool('x', { id: 'x', name: 'n', index: 0 });
      it.openTool('y', { id: 'y', name: 'n', index: 0, choice: 1 });
      it.open('text', 't');
      expect(it.lastTool(0)?.key).toBe('x');
      expect(it.openPart('text')?.key).toBe('t');
      expect(it.openPart('reasoning')).toBeUndefined();
    });
  });

  it('does not take an input that is too long', () => {
    const long = (it: Transcript): void => {
      const tool = it.openTool('x', { id: 'c', name: 'n', index: 0 });
      it.appendInput(tool, '12345');
      it.appendInput(tool, '6');
    };
    expect(() => write(long, 5)).toThrow('longer than maxEventLength = 5');
  });

  it('finishes without a reason', () => {
    expect(write((it) => it.finish()).at(-1)).toEqual({ type: 'finish', finishReason: 'other', rawFinishReason: '' });
  });

  it('puts a number on the last event of what was numbered', () => {
    const events = write((it) => {
      it.number(4, () => it.append(it.open('text', 't'), 'a'));
      it.number(5, () => {});
      it.number(undefined, () => it.append(it.open('text', 't'), 'b'));
      expect(() =>
        it.number(6, () => {
          it.append(it.open('text', 't'), 'c');
          throw new Error('x');
        }),
      ).toThrow('x');
    });
    expect(events.map(({ sequence }) => sequence)).toEqual([undefined, undefined, 4, undefined, 6]);
  });
});
