/** Something the oracle saw that must not be. */
export interface Finding {
  /** When, in virtual milliseconds. */
  readonly at: number;
  /** What, as a sentence. */
  readonly what: string;
  /** Where to look: the stream, its reader and the chunk. */
  readonly stream?: string;
  readonly reader?: string;
  readonly seq?: number;
  /** Where it was thrown, when it is a defect that was thrown. */
  readonly stack?: string;
}

/** @internal Takes findings. */
export type Tell = (finding: Finding) => void;
