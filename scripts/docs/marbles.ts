/** What happens in one frame of a line, in order: letters, and the signs `|` and `#`. */
export interface Moment {
  readonly at: number;
  readonly signs: readonly string[];
}

/** One line of a marble picture. */
export interface Line {
  /** What stands before the marbles: `source`, or the call of an operator. */
  readonly label: string;
  /** The frames it begins and ends in; a line that begins later was subscribed later. */
  readonly from: number;
  readonly to: number;
  readonly moments: readonly Moment[];
}

/** What is said behind the marbles of a line: what a letter stands for, or a word on the line. */
export interface Note {
  /** The label of the line. */
  readonly label: string;
  readonly letter: string | undefined;
  readonly text: string;
}

/** A marble picture. */
export interface Marbles {
  readonly lines: readonly Line[];
  readonly notes: readonly Note[];
}

/** The marbles are the first word made of their signs alone, with one at least that no name has. */
const shape = /^(?<label>.*?)\s*(?<!\S)(?<marbles>(?=\S*[-|#])[-\w()|#]+)(?!\S)(?:\s+(?<notes>.*))?$/d;

/** Reads a picture: one line of text for each of its lines, all beginning in the same column. */
export function readMarbles(texts: readonly string[]): Marbles {
  const found = texts.map((text) => {
    const match = shape.exec(text);
    if (match === null) throw new TypeError(`"${text}" has no marbles`);
    const { label = '', marbles = '', notes = '' } = match.groups ?? {};
    return { label, marbles, notes, column: match.indices!.groups!['marbles']![0] };
  });
  const left = Math.min(...found.map(({ column }) => column));
  return {
    lines: found.map(({ label, marbles, column }) => readLine(label, marbles, column - left)),
    notes: found.flatMap(({ label, notes }) => readNotes(label, notes)),
  };
}

/** As in RxJS, a group happens in the frame of its `(`, and takes as many frames as it has characters. */
function readLine(label: string, marbles: string, from: number): Line {
  const moments: { at: number; signs: string[] }[] = [];
  let group: string[] | undefined;
  for (const [i, sign] of [...marbles].entries()) {
    if (sign === '(') moments.push({ at: from + i, signs: (group = []) });
    else if (sign === ')') group = undefined;
    else if (group !== undefined) group.push(sign);
    else if (sign !== '-') moments.push({ at: from + i, signs: [sign] });
  }
  const end = moments.find(({ signs }) => signs.includes('|') || signs.includes('#'));
  return { label, from, to: end?.at ?? from + marbles.length, moments };
}

function readNotes(label: string, text: string): Note[] {
  return text
    .split(/\s{2,}|;\s/)
    .filter((part) => part !== '')
    .map((part) => {
      const { letter, meaning } = /^(?<letter>\w): (?<meaning>.*)$/.exec(part)?.groups ?? {};
      return { label, letter, text: meaning ?? part };
    });
}
