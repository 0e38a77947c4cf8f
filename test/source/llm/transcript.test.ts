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
  it('closes what is open at the end, and says what it took before the last word', () => {
    const events = write((it) => {
      it.parts.append(it.parts.open('reasoning', 'r'), 'hm');
      it.parts.append(it.parts.open('text', 't'), 'hi');
      it.tools.append(it.tools.open('x', { id: undefined, name: 'n', index: 3 }), '{"a":1}');
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

  it('does not count what the provider runs itself as a call of ours', () => {
    const events = write((it) => {
      const tool = it.tools.open('x', { id: 'c', name: 'n', index: 0, providerExecuted: true });
      it.tools.append(tool, '{}');
      it.tools.end(tool);
      it.tools.end(tool);
      it.stop('stop', 'x');
      it.finish();
    });
    expect(events.at(-1)).toMatchObject({ finishReason: 'stop' });
    expect(events).toContainEqual(expect.objectContaining({ type: 'tool-call', providerExecuted: true }));
  });

  it('tells several answers apart', () => {
    const events = write((it) => {
      it.parts.append(it.parts.open('text', 'b', 1), 'b');
      it.parts.append(it.parts.open('text', 'a', 0), 'a');
      it.parts.closeAll(1);
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

  it('finishes without a reason', () => {
    expect(write((it) => it.finish()).at(-1)).toEqual({ type: 'finish', finishReason: 'other', rawFinishReason: '' });
  });

  it('takes a tool without input for cut off where the answer was, and for one without need of any elsewhere', () => {
    const bare = (reason: 'length' | 'tool-calls'): LlmEvent | undefined =>
      write((it) => {
        it.tools.end(it.tools.open('x', { id: 'c', name: 'n', index: 0 }));
        it.stop(reason, 'x');
        it.finish();
      }).at(-2);
    expect(bare('tool-calls')).toEqual({
      type: 'tool-call',
      toolCallId: 'c',
      toolName: 'n',
      input: {},
      inputText: '{}',
    });
    expect(bare('length')).toMatchObject({ type: 'tool-input-error', message: 'the input is cut off' });
  });

  it('says nothing that is not whole', () => {
    expect(write((it) => it.say({ type: 'refusal-delta', delta: 'a\ud83d', choice: 1 })).at(-1)).toEqual({
      type: 'refusal-delta',
      delta: 'a\ufffd',
      choice: 1,
    });
  });

  it('knows how much there is, also of what was kept before', () => {
    write((it) => {
      it.parts.append(it.parts.open('text', 't'), 'abc');
      const before = it.snapshot();
      it.parts.append(it.parts.open('reasoning', 'r'), 'de');
      it.tools.append(it.tools.open('x', { id: 'c', name: 'n', index: 0 }), '1');
      it.tools.end(it.tools.get('x')!);
      expect(before).toEqual({ textLength: 3, reasoningLength: 0, toolCalls: 0 });
      expect(it.snapshot()).toEqual({ textLength: 3, reasoningLength: 2, toolCalls: 1 });
    });
  });

  it('goes on behind events that were kept', () => {
    const answer = (it: Transcript): void => {
      it.start('a', undefined);
      it.number(1, () => it.parts.append(it.parts.open('text', 'text-0'), 'ab'));
      it.number(2, () => it.tools.append(it.tools.open('0', { id: 'c', name: 'n', index: 0 }), '['));
      it.number(3, () => {
        it.parts.append(it.parts.get('text-0')!, 'c');
        it.tools.append(it.tools.get('0')!, ']');
      });
      it.stop('stop', 's');
      it.finish();
    };
    const all = write(answer);
    for (let known = 0; known <= all.length; known++) {
      const kept = all.slice(0, known);
      const rest: LlmEvent[] = [];
      const again = new Transcript('openai-chat', (event) => void rest.push(event));
      const last = again.recall(kept).at(-1)?.sequence ?? 0;
      expect(again.snapshot().textLength).toBe(last === 0 ? 0 : last < 3 ? 2 : 3);
      // The provider is asked for what comes behind the last item that is known.
      const { number } = again;
      again.number = (sequence, work) => void (sequence! > last && number.call(again, sequence, work));
      answer(again);
      expect([...kept, ...rest]).toEqual(all);
    }
  });
});
