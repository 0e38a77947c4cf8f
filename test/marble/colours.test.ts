import { describe, expect, it } from 'vitest';
import { pageStyle, pictureStyle } from 'sluice/marble';
import { fills } from '../../src/marble/colours.js';

describe('pictureStyle', () => {
  it('has every colour twice: for light paper and for dark', () => {
    const [light = '', dark = ''] = pictureStyle.split('@media');
    const selectors = (css: string) =>
      css.match(/^\S+ \{ (?:fill|stroke): #[0-9a-f]{6} \}/gm)!.map((rule) => rule.replace(/#\w+/, ''));
    expect(selectors(dark)).toEqual(selectors(light));
  });

  it('has a fill for each colour of items', () => {
    for (let i = 0; i < fills; i++) expect(pictureStyle).toContain(`.f${i} {`);
  });
});

describe('pageStyle', () => {
  it('takes every colour from a custom property', () => {
    expect(pageStyle).toContain('.paper { fill: var(--sluice-marble-paper, light-dark(#ffffff, #0d1117)) }');
    expect(pageStyle.match(/(?:fill|stroke): #/g)).toBeNull();
  });
});
