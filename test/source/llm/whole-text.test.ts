import { describe, expect, it } from 'vitest';
import { wholeText } from '../../../src/source/llm/whole-text.js';

/** What each piece adds, the last of them told to be the last. */
function added(...pieces: readonly string[]): string[] {
  const growing = { half: '' };
  return pieces.map((piece, n) => wholeText(growing, piece, n === pieces.length - 1));
}

describe('wholeText', () => {
  it('keeps half of a character until the other half comes', () => {
    expect(added('a\ud83d', '\ude00b', '')).toEqual(['a', '😀b', '']);
    expect(added('\ud83d', '', '\ude00')).toEqual(['', '', '😀']);
  });

  it('puts U+FFFD in place of a half that stays alone', () => {
    expect(added('\ud83d', 'c', '')).toEqual(['', '\ufffdc', '']);
    expect(added('\ude00a')).toEqual(['\ufffda']);
    expect(added('a\ud83d', '')).toEqual(['a', '\ufffd']);
    expect(added('a\ud83d')).toEqual(['a\ufffd']);
  });
});
