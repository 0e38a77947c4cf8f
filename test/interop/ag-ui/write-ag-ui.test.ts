import { describe, expect, it } from 'vitest';
import { agUiHeaders, writeAgUi } from '../../../src/interop/ag-ui/write-ag-ui.js';

describe('writeAgUi', () => {
  it('writes one event, with the place of a reader that comes back', () => {
    expect(writeAgUi({ type: 'RUN_STARTED' })).toBe('data: {"type":"RUN_STARTED"}\n\n');
    expect(writeAgUi({ type: 'RUN_STARTED' }, '7')).toBe('id: 7\ndata: {"type":"RUN_STARTED"}\n\n');
    expect(agUiHeaders['content-type']).toBe('text/event-stream');
  });
});
