import type { SoakPage } from './page.js';

/** How smoothly a page is painted. */
export interface Frames {
  readonly perSecond: number;
  /** Longest time between two frames, in milliseconds. */
  readonly longest: number;
}

/** Counts the frames of a page for a while. */
export async function framesOf(page: SoakPage, forMs: number): Promise<Frames> {
  return await page.page.evaluate<Frames>(`new Promise((resolve) => {
    let [begun, before, count, longest] = [undefined, 0, 0, 0];
    const look = (at) => {
      if (begun === undefined) begun = at;
      else {
        count++;
        longest = Math.max(longest, at - before);
      }
      before = at;
      if (at - begun < ${forMs}) requestAnimationFrame(look);
      else resolve({ perSecond: count / ((at - begun) / 1000), longest });
    };
    requestAnimationFrame(look);
  })`);
}
