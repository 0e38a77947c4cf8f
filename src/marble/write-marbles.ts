import { framesOf, type MarbleLine, type Marbles } from './marbles.js';

/** Frames of silence beyond which a time is written instead of dashes. */
const longPause = 20;

/** What {@link writeMarbles} gives. */
export interface WrittenMarbles {
  /** The marbles of each line, as RxJS and `marbles` of `sluice/testing` read them, by the line's label. */
  readonly lines: Readonly<Record<string, string>>;
  /** What is to be read again by `readMarbles`: a text for each line, its label first. */
  readonly texts: readonly string[];
}

/**
 * Writes a marble picture as marble strings: for a test, or to read it again. Credit has no sign in them and is left out.
 *
 * @throws RangeError when a moment begins before the one before it has ended
 */
export function writeMarbles({ lines, notes }: Marbles): WrittenMarbles {
  const written = lines.map((line) => ({ label: line.label, text: writeLine(line) }));
  const width = Math.max(0, ...lines.map(({ label }) => label.length)) + 2;
  const texts = written.map(({ label, text }) => {
    const said = notes.filter((note) => note.label === label).map(({ letter, text: words }) => noteOf(letter, words));
    return [label.padEnd(width) + text, ...said].join('  ');
  });
  return { lines: Object.fromEntries(written.map(({ label, text }) => [label, text])), texts };
}

function noteOf(letter: string | undefined, words: string): string {
  return letter === undefined ? words : `${letter}: ${words}`;
}

function writeLine({ from, to, moments }: MarbleLine): string {
  let text = '';
  let at = from;
  for (const { at: frame, marbles } of moments) {
    const letters = marbles.map(({ letter }) => letter).filter((letter) => letter !== '');
    if (letters.length === 0) continue;
    if (frame < at) throw new RangeError(`the moment at ${frame} begins before the one before it ends, at ${at}`);
    text +=
      (text === '' ? firstSilence(frame - at) : silence(frame - at)) +
      (letters.length > 1 ? `(${letters.join('')})` : letters[0]);
    at = frame + framesOf(letters.length);
  }
  const rest = silence(to - at);
  // A time must be followed by something.
  return rest.endsWith(' ') ? `${text}${(text === '' ? firstSilence : silence)(to - at - 1)}-` : text + rest || '-';
}

/** A string does not begin with a time: it would be lost behind a label. */
function firstSilence(frames: number): string {
  return frames > longPause ? `-${silence(frames - 1)}` : silence(frames);
}

function silence(frames: number): string {
  return frames > longPause ? ` ${frames}ms ` : '-'.repeat(Math.max(0, frames));
}
