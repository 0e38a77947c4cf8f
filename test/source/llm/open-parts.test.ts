import { describe, expect, it } from 'vitest';
import type { LlmEvent } from '../../../src/source/llm/llm.js';
import { OpenParts } from '../../../src/source/llm/open-parts.js';
import { OpenTools } from '../../../src/source/llm/open-tools.js';
import { Sequencer } from '../../../src/source/llm/sequencer.js';

function setUp() {
  const events: LlmEvent[] = [];
  const sequencer = new Sequencer('openai-chat', (event) => void events.push(event));
  sequencer.start(undefined, undefined);
  events.length = 0;
  const tools = new OpenTools(sequencer, Infinity);
  return { events, tools, parts: new OpenParts(sequencer, tools) };
}

describe('OpenParts', () => {
  it('keeps halves of characters until they are whole', () => {
    const { events, parts } = setUp();
    const part = parts.open('text', 'x');
    for (const piece of ['a\ud83d', '\ude00b', '\ud83d', 'c\ud83d']) parts.append(part, piece);
    parts.close(part);
    parts.close(part);
    const deltas = events.flatMap((event) => ('delta' in event ? [event.delta] : []));
    expect(deltas).toEqual(['a', '😀b', '\ufffdc', '\ufffd']);
    expect(events.at(-1)).toEqual({ type: 'text-end', id: 'text-0' });
    expect(events.filter(({ type }) => type === 'text-end')).toHaveLength(1);
  });

  it('opens a part once, and another of that key when it is closed', () => {
    const { events, parts } = setUp();
    const part = parts.open('text', 'x', 0, 'mine');
    expect(parts.open('text', 'x', 0, 'other')).toBe(part);
    expect(parts.get('x')).toBe(part);
    parts.close(part);
    expect(parts.get('x')).toBeUndefined();
    parts.open('text', 'x', 0, 'mine');
    expect(events.map((event) => 'id' in event && event.id)).toEqual(['mine', 'mine', 'mine-2']);
  });

  it('says what the provider wants back with a part, and nothing else', () => {
    const { events, parts } = setUp();
    const thought = parts.open('reasoning', 'r', 1);
    thought.signature = 'signed';
    parts.close(thought, 'secret');
    parts.close(parts.open('reasoning', 's'), 'secret');
    expect(events[1]).toEqual({
      type: 'reasoning-end',
      id: 'reasoning-0',
      choice: 1,
      signature: 'signed',
      encrypted: 'secret',
    });
    expect(events.at(-1)).toStrictEqual({ type: 'reasoning-end', id: 'reasoning-1', encrypted: 'secret' });
  });

  it('counts texts and thoughts apart', () => {
    const { parts } = setUp();
    parts.append(parts.open('text', 't'), 'abc');
    parts.append(parts.open('text', 'u', 1), 'd');
    parts.append(parts.open('reasoning', 'r'), '😀');
    expect(parts).toMatchObject({ textLength: 4, reasoningLength: 2 });
    expect(parts.get('t')).toMatchObject({ length: 3 });
  });

  it('finds the part of a kind that was opened last', () => {
    const { parts } = setUp();
    for (const key of ['t', 'u']) parts.open('text', key);
    expect(parts.last('text')?.key).toBe('u');
    expect(parts.last('reasoning')).toBeUndefined();
  });

  it('closes what is open of a choice, of a kind, or all of it', () => {
    const { events, parts } = setUp();
    const ended = (): unknown[] => {
      return events.splice(0).flatMap((event) => (event.type.endsWith('-end') && 'id' in event ? [event.id] : []));
    };
    parts.open('text', 't0', 0, 't0');
    parts.open('reasoning', 'r0', 0, 'r0');
    parts.open('text', 't1', 1, 't1');
    parts.open('reasoning', 'r1', 1, 'r1');
    parts.closeAll(0, 'reasoning');
    expect(ended()).toEqual(['r0']);
    parts.closeAll(1);
    expect(ended()).toEqual(['t1', 'r1']);
    parts.open('text', 't2', 2, 't2');
    parts.closeAll();
    expect(ended()).toEqual(['t0', 't2']);
  });

  it('calls a tool that had no input before what comes behind it', () => {
    const { events, parts, tools } = setUp();
    tools.end(tools.open('x', { id: 'c', name: 'n', index: 0 }));
    parts.open('text', 't');
    expect(events.map(({ type }) => type)).toEqual(['tool-input-start', 'tool-call', 'text-start']);
  });

  it('goes on with what was open in events that were kept', () => {
    const { events, parts } = setUp();
    const kept: LlmEvent[] = [
      { type: 'text-start', id: 'a' },
      { type: 'text-delta', id: 'a', delta: 'abc' },
      { type: 'text-end', id: 'a' },
      { type: 'reasoning-start', id: 'b', choice: 1 },
      { type: 'reasoning-delta', id: 'b', choice: 1, delta: 'de' },
      { type: 'text-start', id: 'text-2' },
      { type: 'text-delta', id: 'unknown', delta: 'x' },
      { type: 'keep-alive' },
    ];
    for (const event of kept) parts.recall(event);
    expect(events).toEqual([]);
    expect(parts).toMatchObject({ textLength: 4, reasoningLength: 2 });
    expect(parts.get('a')).toBeUndefined();
    expect(parts.get('b')).toMatchObject({ kind: 'reasoning', length: 2 });
    parts.append(parts.get('b')!, 'f');
    parts.close(parts.get('text-2')!);
    parts.open('text', 'a', 0, 'a');
    parts.open('text', 'next');
    expect(events).toEqual([
      { type: 'reasoning-delta', id: 'b', choice: 1, delta: 'f' },
      { type: 'text-end', id: 'text-2' },
      { type: 'text-start', id: 'a-2' },
      { type: 'text-start', id: 'text-4' },
    ]);
  });
});
