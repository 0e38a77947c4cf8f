/**
 * How a marble is drawn: as an item; as one that came `early` and is held; as a `duplicate` that is dropped; as one that was
 * `repaired`; as the hole of a `gap`; as the end or an error of its line; as `credit` that was given.
 */
export type MarbleKind = 'item' | 'early' | 'duplicate' | 'repaired' | 'gap' | 'end' | 'error' | 'credit';

/** One marble. */
export interface Marble {
  /** What stands for it in a marble string; of `credit`, which has no place in one, `''`. */
  readonly letter: string;
  readonly kind: MarbleKind;
  /** What is written on it. Default: the letter. */
  readonly label?: string;
}

/** What happens in one frame of a line, in order. */
export interface Moment {
  readonly at: number;
  readonly marbles: readonly Marble[];
}

/** One line of a marble picture. */
export interface MarbleLine {
  /** What stands before the marbles: `source`, or the call of an operator. */
  readonly label: string;
  /** The frames it begins and ends in; a line that begins later was subscribed later. */
  readonly from: number;
  readonly to: number;
  readonly moments: readonly Moment[];
}

/** What is said below a picture: what a letter stands for, or a word on a line. */
export interface MarbleNote {
  /** The label of the line. */
  readonly label: string;
  readonly letter: string | undefined;
  readonly text: string;
}

/** A marble picture. */
export interface Marbles {
  readonly lines: readonly MarbleLine[];
  readonly notes: readonly MarbleNote[];
}

/** How many frames a moment takes in a marble string: a group takes as many as it has characters. */
export function framesOf(letters: number): number {
  return letters > 1 ? letters + 2 : letters;
}
