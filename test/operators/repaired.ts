import { asyncScheduler, mergeMap, NEVER, timer } from 'rxjs';
import { expect } from 'vitest';
import { repair, type RepairContext, type RepairOptions } from '../../operators/index.js';
import type { Notice, Range } from '../../src/chunk/index.js';
import { expectPicture, item, type Item, listen, type Picture } from './alphabet.js';

/** Options of `repair` on items and notices. */
export type Options = RepairOptions<Item | Notice>;
type Event = { readonly type: string };

/** All numbers of some ranges. */
export const numbers = (ranges: readonly Range[]) =>
  ranges.flatMap(({ from: first, to }) => Array.from({ length: to - first }, (_, n) => first + n));
/** Answers with everything asked for, some milliseconds later. */
export const after = (replyMs: number) => (ranges: readonly Range[]) =>
  timer(replyMs).pipe(mergeMap(() => numbers(ranges).map(item)));
/** Does not answer. */
export const noAnswer = () => NEVER;

/** Checks a picture, and tells when what was asked for how often, and what was reported. */
export function expectRepaired(picture: Picture, options: Options) {
  const asked: [frame: number, ranges: string, attempt: number][] = [];
  const { probe, heard } = listen('repair');
  const request = (ranges: readonly Range[], context: RepairContext) => {
    const words = ranges.map(({ from: first, to }) => `${first}-${to}`);
    asked.push([asyncScheduler.now(), words.join(' '), context.attempt]);
    return options.request(ranges, context);
  };
  // By chance half a wait might be enough: here every wait is whole.
  expectPicture(repair<Item | Notice>({ random: () => 1, probe, ...options, request }), picture);
  // A picture is played twice, on a cold and on a hot source.
  const once = <T>(twice: T[]): T[] => {
    const first = twice.slice(0, twice.length / 2);
    expect(twice).toEqual([...first, ...first]);
    return first;
  };
  return { asked: once(asked), heard: once(heard as Event[]) };
}
