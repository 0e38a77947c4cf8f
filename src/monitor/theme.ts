/** @internal The themes a page can have: as the system has it, light, or dark. */
export const themes = ['auto', 'light', 'dark'] as const;

/** @internal One of {@link themes}. */
export type Theme = (typeof themes)[number];

const key = 'sluice-theme';

/** @internal The theme that was chosen here before. */
export function savedTheme(storage: Pick<Storage, 'getItem'>): Theme {
  const saved = storage.getItem(key);
  return themes.find((theme) => theme === saved) ?? 'auto';
}

/** @internal Turns the page to a theme, and remembers it. */
export function turnTheme(theme: Theme, root: HTMLElement, storage: Pick<Storage, 'setItem'>): void {
  root.style.colorScheme = theme === 'auto' ? '' : theme;
  storage.setItem(key, theme);
}
