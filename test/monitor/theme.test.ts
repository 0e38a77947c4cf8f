import { describe, expect, it } from 'vitest';
import { savedTheme, themes, turnTheme } from '../../src/monitor/theme.js';

describe('turnTheme', () => {
  it.each(themes)('turns the page to %s, and remembers it', (theme) => {
    const kept = new Map<string, string>();
    const root = { style: { colorScheme: 'before' } } as HTMLElement;
    turnTheme(theme, root, { setItem: (key, value) => void kept.set(key, value) });
    expect(root.style.colorScheme).toBe(theme === 'auto' ? '' : theme);
    expect(savedTheme({ getItem: (key) => kept.get(key) ?? null })).toBe(theme);
  });

  it('knows no other', () => expect(savedTheme({ getItem: () => 'neon' })).toBe('auto'));
});
