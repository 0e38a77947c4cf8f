import type { Marble, MarbleKind, MarbleLine, Marbles } from './marbles.js';

/** @internal What kinds of marbles mean that do not speak for themselves. */
export const kindWords: ReadonlyMap<MarbleKind, string> = new Map([
  ['early', 'came early, held'],
  ['duplicate', 'came again, dropped'],
  ['repaired', 'asked for again, came'],
]);

/** Most moments that are put into words: beyond that nobody listens. */
const maxMoments = 100;

/** A picture in words, for those who do not see it: line by line, in the order things happen. */
export function describeMarbles({ lines }: Marbles): string {
  return lines.map((line) => `${line.label || 'result'}: ${happenings(line)}.`).join(' ');
}

function happenings({ moments }: MarbleLine): string {
  if (moments.length === 0) return 'nothing';
  const told = moments.slice(0, maxMoments).map(({ at, marbles }) => `${marbles.map(wordsOf).join(' and ')} at ${at}`);
  const rest = moments.length - told.length;
  return [...told, ...(rest > 0 ? [`${rest} moments more`] : [])].join(', ');
}

function wordsOf({ letter, kind, label = letter }: Marble): string {
  switch (kind) {
    case 'end':
      return 'the end';
    case 'error':
      return 'an error';
    case 'credit':
      return `credit ${label}`;
    case 'gap':
      return `${label} missing`;
    default:
      return kind === 'item' ? label : `${label} (${kindWords.get(kind)})`;
  }
}
