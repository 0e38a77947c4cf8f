import { describe, expect, it } from 'vitest';
import { placeOf, placeOfControl } from '../../../src/transport/http/place.js';

describe('placeOf', () => {
  it('reads where an answer ends', () => {
    const headers = { 'Stream-Next-Offset': '0_5', 'Stream-Cursor': '77', 'Stream-Up-To-Date': 'true' };
    expect(placeOf(new Headers(headers))).toEqual({ offset: '0_5', cursor: '77', upToDate: true, closed: false });
  });

  it('takes a closed stream for up to date', () => {
    const place = placeOf(new Headers({ 'Stream-Next-Offset': '0_5', 'Stream-Closed': 'true' }));
    expect(place).toEqual({ offset: '0_5', cursor: undefined, upToDate: true, closed: true });
  });

  it('ignores a Stream-Closed that is not true', () => {
    expect(placeOf(new Headers({ 'Stream-Next-Offset': '0_5', 'Stream-Closed': 'no' })).closed).toBe(false);
  });

  it.each([
    [{}, 'Stream-Next-Offset must be an offset of at most 1024 characters, got null'],
    [
      { 'Stream-Next-Offset': '' },
      'Stream-Next-Offset must be an offset of at most 1024 characters, got an empty string',
    ],
    [{ 'Stream-Next-Offset': '0'.repeat(1025) }, 'at most 1024 characters, got a string'],
  ])('refuses an answer without one', (headers, message) => {
    expect(() => placeOf(new Headers(headers as Record<string, string>))).toThrow(
      expect.objectContaining({ code: 'data-malformed', message: expect.stringContaining(message) }),
    );
  });
});

describe('placeOfControl', () => {
  it('reads where an event ends', () => {
    const data = '{"streamNextOffset":"0_5","streamCursor":"77","upToDate":true,"later":1}';
    expect(placeOfControl(data)).toEqual({ offset: '0_5', cursor: '77', upToDate: true, closed: false });
  });

  it('takes a closed stream for up to date, and needs no cursor', () => {
    const place = placeOfControl('{"streamNextOffset":"0_5","streamClosed":true}');
    expect(place).toEqual({ offset: '0_5', cursor: undefined, upToDate: true, closed: true });
  });

  it.each([
    ['', 'control', 'control is no JSON'],
    ['{', 'control', 'control is no JSON'],
    ['null', 'streamNextOffset', 'got undefined'],
    ['[]', 'streamNextOffset', 'got undefined'],
    ['{}', 'streamNextOffset', 'got undefined'],
    ['{"streamNextOffset":5}', 'streamNextOffset', 'got a number'],
    ['{"streamNextOffset":"0","streamCursor":5}', 'streamCursor', 'must be a string, got a number'],
  ])('refuses %s, naming %s', (data, field, message) => {
    expect(() => placeOfControl(data)).toThrow(
      expect.objectContaining({
        code: 'data-malformed',
        details: { field },
        message: expect.stringContaining(message),
      }),
    );
  });
});
