import { checkBound } from '../chunk/index.js';
import type { Marble, MarbleLine, MarbleNote, Marbles, Moment } from './marbles.js';

/** What may stand in a marble string: frames, letters, groups, ends, and times with a space on either side. */
const signs = String.raw`(?:[-\w\p{L}()|#]| \d+(?:\.\d+)?(?:ms|s|m) (?=[-\w\p{L}()|#]))+`;

/** The marbles are the first word made of their signs alone, with one at least that no name has, or a time behind it. */
const shape = new RegExp(
  String.raw`^(?<label>.*?)\s*(?<!\S)(?<marbles>(?=\S*[-|#]|\S+ \d+(?:\.\d+)?(?:ms|s|m) )${signs})(?!\S)(?:\s+(?<notes>.*))?$`,
  'du',
);

/** Options of {@link readMarbles}. */
export interface ReadMarblesOptions {
  /** Characters that are read; more are a RangeError. Default 16 384. */
  readonly maxLength?: number;
}

/**
 * Reads a marble picture: a text for each of its lines, the label first, then the marbles, all beginning in the same column,
 * then what letters stand for. A letter is a gap where it is `G`, or where its note says that it is missing or given up.
 *
 * @throws TypeError for a line without marbles, or with a group that never ends
 *
 * @example
 * readMarbles(['source     -b-a-c|', 'reorder()  ---(ab)c|']);
 */
export function readMarbles(texts: readonly string[], options: ReadMarblesOptions = {}): Marbles {
  const maxLength = checkBound('maxLength', options.maxLength ?? 16_384);
  const length = texts.reduce((sum, text) => sum + text.length, 0);
  if (length > maxLength)
    throw new RangeError(`marbles of ${length} characters are more than maxLength = ${maxLength}`);
  const found = texts.map(parted);
  const left = Math.min(...found.map(({ column }) => column));
  const notes = found.flatMap(({ label, notes: words }) => readNotes(label, words));
  const gaps = new Set(['G', ...notes.filter(isAboutGap).map(({ letter }) => letter)]);
  return { lines: found.map(({ label, marbles, column }) => readLine(label, marbles, column - left, gaps)), notes };
}

function parted(text: string) {
  const match = shape.exec(text);
  if (match === null) throw new TypeError(`"${text.slice(0, 100)}" has no marbles`);
  const { label, marbles, notes = '' } = match.groups as { label: string; marbles: string; notes?: string };
  return { label, marbles, notes, column: match.indices!.groups!['marbles']![0] };
}

function isAboutGap({ letter, text }: MarbleNote): boolean {
  return letter !== undefined && /\b(?:missing|given up)\b/.test(text);
}

const time = /^ (?<count>\d+(?:\.\d+)?)(?<unit>ms|s|m) /;
const frames = { ms: 1, s: 1000, m: 60_000 } as const;

/** As in RxJS, a group happens in the frame of its `(`, and takes as many frames as it has characters. */
function readLine(label: string, text: string, from: number, gaps: ReadonlySet<string | undefined>): MarbleLine {
  const moments: { at: number; marbles: Marble[] }[] = [];
  let group: Marble[] | undefined;
  let at = from;
  for (let rest = text; rest !== '';) {
    const pause = time.exec(rest);
    if (pause !== null) {
      at += Number(pause.groups!['count']) * frames[pause.groups!['unit'] as keyof typeof frames];
      rest = rest.slice(pause[0].length);
      continue;
    }
    const sign = String.fromCodePoint(rest.codePointAt(0)!);
    rest = rest.slice(sign.length);
    if (sign === '(') moments.push({ at, marbles: (group = []) });
    else if (sign === ')') group = undefined;
    else if (group !== undefined) group.push(marbleOf(sign, gaps));
    else if (sign !== '-') moments.push({ at, marbles: [marbleOf(sign, gaps)] });
    at++;
  }
  if (group !== undefined) throw new TypeError(`a group in "${text.slice(0, 100)}" never ends`);
  return { label, from, to: endOf(moments) ?? at, moments };
}

function marbleOf(letter: string, gaps: ReadonlySet<string | undefined>): Marble {
  if (letter === '|') return { letter, kind: 'end' };
  if (letter === '#') return { letter, kind: 'error' };
  return { letter, kind: gaps.has(letter) ? 'gap' : 'item' };
}

function endOf(moments: readonly Moment[]): number | undefined {
  return moments.find(({ marbles }) => marbles.some(({ kind }) => kind === 'end' || kind === 'error'))?.at;
}

function readNotes(label: string, text: string): MarbleNote[] {
  return text
    .split(/\s{2,}|;\s/)
    .filter((part) => part !== '')
    .map((part) => {
      const { letter, meaning } = /^(?<letter>[\w\p{L}]): (?<meaning>.*)$/u.exec(part)?.groups ?? {};
      return { label, letter, text: meaning ?? part };
    });
}
