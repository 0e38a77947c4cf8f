/* oxlint-disable unicorn/no-thenable -- a word of pipelines, and a list */
import { parseDocument } from '../../../src/run/json/document.js';
import { describe, expect, it } from 'vitest';

const document = (steps: unknown, rest: object = {}) => ({ name: 'it', steps, ...rest });
const nested = (depth: number): unknown[] => (depth === 0 ? [] : [{ id: 'm', map: [], steps: nested(depth - 1) }]);

describe('document', () => {
  it('reads a pipeline as it is written', () => {
    const streaming = { enabled: true, emit_progress: false, buffer_size: 2, flush_interval_ms: 0 };
    expect(
      parseDocument(
        document(
          [
            { id: 'a', type: 'x' },
            { id: 'b', if: true, then: [] },
            { id: 'c', map: [], steps: [] },
          ],
          { streaming },
        ),
      ),
    ).toEqual({
      name: 'it',
      streaming: { enabled: true, emitProgress: false, bufferSize: 2, flushIntervalMs: 0 },
      parts: [
        { kind: 'step', field: 'steps.0', id: 'a', type: 'x' },
        { kind: 'branch', field: 'steps.1', id: 'b', when: true, yes: [], no: [] },
        { kind: 'map', field: 'steps.2', id: 'c', list: [], each: [], concurrency: 4 },
      ],
    });
  });

  it.each<[unknown, string, string]>([
    [null, '', 'pipeline: Invalid input: expected object, got null'],
    [document([], { name: 'a b' }), 'name', 'must be 1 to 64 letters'],
    [document({}), 'steps', 'expected array, got an object'],
    [document([], { streaming: { buffer_size: 'big' } }), 'streaming.buffer_size', 'expected number, got a string'],
    [document([], { color: 'red' }), '', 'Unrecognized key'],
    [document([7]), 'steps.0', 'a step must be an object, got a number'],
    [document([[]]), 'steps.0', 'a step must be an object, got an array'],
    [document([null]), 'steps.0', 'a step must be an object, got null'],
    [document([{ id: 'a' }]), 'steps.0', 'a step must have one of type, parallel, if, map'],
    [document([{ id: 'a', type: 'x', map: [] }]), 'steps.0', 'a step must have one of type, parallel, if, map'],
    [document([{ type: 'x' }]), 'steps.0.id', 'expected string, got undefined'],
    [document([{ id: 'a', type: 'x', retry: { attempts: 0 } }]), 'steps.0.retry.attempts', 'expected number to be >=1'],
    [document([{ id: 'a', type: 'x', timeout_ms: 2 ** 31 }]), 'steps.0.timeout_ms', 'expected'],
    [document([{ id: 'a', type: 'x', input: 'file' }]), 'steps.0.input', 'expected one of "value"|"stream"'],
    [document([{ id: 'a', type: 'x', with: [] }]), 'steps.0.with', 'expected record, got an array'],
    [document([{ id: 'p', parallel: { x: [{ id: '', type: 'x' }] } }]), 'steps.0.parallel.x.0.id', 'must be 1 to 64'],
    [document([{ id: 'p', parallel: { 'a/b': [] } }]), 'steps.0.parallel.a/b', 'must be 1 to 64'],
    [document([{ id: 'i', if: true, then: [], else: [1] }]), 'steps.0.else.0', 'a step must be an object'],
  ])('refuses %j', (written, field, message) => {
    const parse = (): unknown => parseDocument(written);
    expect(parse).toThrow(expect.objectContaining({ problem: 'field-invalid', field }) as Error);
    expect(parse).toThrow(message);
  });

  it('refuses what is nested deeper than anybody writes', () => {
    expect(() => parseDocument(document(nested(50)))).toThrow('is nested deeper than 32');
    expect(parseDocument(document(nested(30))).parts).toHaveLength(1);
  });
});
