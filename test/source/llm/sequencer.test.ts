import { describe, expect, it } from 'vitest';
import type { LlmEvent } from '../../../src/source/llm/llm.js';
import { Sequencer } from '../../../src/source/llm/sequencer.js';

function setUp() {
  const events: LlmEvent[] = [];
  return { sequencer: new Sequencer('openai-chat', (event) => void events.push(event)), events };
}

const text = (delta: string): LlmEvent => ({ type: 'text-delta', id: 't', delta });

describe('Sequencer', () => {
  it('starts once', () => {
    const { sequencer, events } = setUp();
    sequencer.start('a', undefined);
    sequencer.start('b', 'm');
    expect(events).toEqual([{ type: 'start', format: 'openai-chat', id: 'a' }]);
  });

  it('starts by itself before the first event that wants it', () => {
    const { sequencer, events } = setUp();
    sequencer.emit({ type: 'keep-alive' });
    sequencer.emit(text('a'));
    sequencer.start('late', 'm');
    sequencer.emit(text('b'));
    expect(events.map(({ type }) => type)).toEqual(['keep-alive', 'start', 'text-delta', 'text-delta']);
    expect(events[1]).toEqual({ type: 'start', format: 'openai-chat' });
  });

  it('puts a number on the last event of what was numbered', () => {
    const { sequencer, events } = setUp();
    sequencer.start('a', 'm');
    sequencer.number(4, () => {
      sequencer.emit(text('a'));
      sequencer.emit(text('b'));
    });
    sequencer.number(5, () => {});
    sequencer.number(undefined, () => sequencer.emit(text('c')));
    expect(() =>
      sequencer.number(6, () => {
        sequencer.emit(text('d'));
        throw new Error('x');
      }),
    ).toThrow('x');
    sequencer.emit(text('e'));
    expect(events.map(({ sequence }) => sequence)).toEqual([undefined, undefined, 4, undefined, 6, undefined]);
    expect(events.slice(1)).toMatchObject(['a', 'b', 'c', 'd', 'e'].map((delta) => ({ delta })));
  });

  it('lets an id stand for one thing only', () => {
    const { sequencer } = setUp();
    expect(['a', 'a', 'b', 'a', 'a-2'].map((id) => sequencer.takeId(id))).toEqual(['a', 'a-2', 'b', 'a-3', 'a-2-2']);
  });

  it('says nothing again that was kept of an item of which not all was', () => {
    const { sequencer, events } = setUp();
    const start: LlmEvent = { type: 'start', format: 'openai-chat', id: 'a' };
    const kept = [start, { ...text('a'), sequence: 3 }, text('b'), text('c')];
    expect(sequencer.recall(kept)).toEqual(kept.slice(0, 2));
    sequencer.number(4, () => ['b', 'c', 'd'].forEach((delta) => sequencer.emit(text(delta))));
    expect(events).toEqual([{ ...text('d'), sequence: 4 }]);
  });

  it('begins anew where nothing of what was kept is numbered', () => {
    const { sequencer, events } = setUp();
    expect(sequencer.recall([{ type: 'start', format: 'openai-chat', id: 'a' }])).toEqual([]);
    sequencer.start('a', undefined);
    sequencer.emit(text('a'));
    expect(events).toEqual([text('a')]);
  });
});
