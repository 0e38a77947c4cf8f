import { StreamError } from 'sluice/chunk';
import { PipelineError } from 'sluice/run/json';
import { describe, expect, it } from 'vitest';
import { within } from '../../../src/run/json/pipeline-error.js';

describe('pipeline error', () => {
  it('is a stream error that says which field, and what is wrong with it', () => {
    const cause = new Error('why');
    const error = new PipelineError('field-invalid', 'steps.0.id', 'is none', cause);
    expect(error).toBeInstanceOf(StreamError);
    expect(error).toMatchObject({ name: 'PipelineError', code: 'pipeline-invalid', problem: 'field-invalid', cause });
    expect([error.message, error.details]).toEqual(['steps.0.id: is none', { field: 'steps.0.id' }]);
    expect(new PipelineError('text-malformed', '', 'is none').message).toBe('pipeline: is none');
  });

  it('writes paths', () => {
    expect([within('', 'a', 0), within('a', ''), within('a', 'b')]).toEqual(['a.0', 'a', 'a.b']);
  });
});
