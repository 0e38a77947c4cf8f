import { describe, expect, it } from 'vitest';
import { signaturesOf, typesOf } from '../../../scripts/docs/declaration.js';
import { createHouse } from '../../house/house.js';

const pace = `
/** How fast. */
export type Speed = 'slow' | 'fast';

/** What all of them share. */
export interface Shared {
  /** Kept for
   * all. */
  readonly kept?: number;
}

/** Options of pace. */
export interface PaceOptions<T> extends Shared, Partial<LaneOptions> {
  /** Picks: one | other. */
  readonly pick: (
    item: T,
    index: number,
  ) => 'one' | 'other';
  readonly speed?: Speed;
}

/** Shows a pause. */
export class Pause {
  readonly kind = 'pause';

  constructor(
    readonly from: number,
    /** Where it ends. */
    readonly to: number,
  ) {}

  private readonly hidden = 1;
}

/** Slows. */
export function pace<T>(options: PaceOptions<T> & { readonly speed: 'slow' }): Slow<T>;
export function pace<T extends Fast>(
  options?: PaceOptions<T>,
): Fast<T>;
export function pace<T>(options: PaceOptions<T> = {}): Fast<T> {
  return options;
}

/** Plain. */
export function plain(): void {
  pace();
}
`;
const lanes = `
/** A lane. */
export interface LaneOptions {
  /** Names it. */
  readonly name: string;
}
`;
const { sources } = createHouse({ 'operators/pace.ts': pace, 'src/flow/lanes.ts': lanes });
const [file] = sources;

describe('signaturesOf', () => {
  it('gives the overloads, not what implements them', () => {
    expect(signaturesOf(pace, 'pace')).toEqual([
      "function pace<T>(options: PaceOptions<T> & { readonly speed: 'slow' }): Slow<T>",
      'function pace<T extends Fast>(\n  options?: PaceOptions<T>,\n): Fast<T>',
    ]);
  });

  it('gives the only signature there is', () => {
    expect(signaturesOf(pace, 'plain')).toEqual(['function plain(): void']);
  });
});

describe('typesOf', () => {
  const types = typesOf(file!, sources);

  it('gives the types in order, without those another one extends', () => {
    expect(types.map(({ name, kind, text }) => [name, kind, text])).toEqual([
      ['Speed', 'type', 'How fast.'],
      ['PaceOptions', 'interface', 'Options of pace.'],
      ['Pause', 'class', 'Shows a pause.'],
    ]);
  });

  it('gives what a type stands for', () => {
    expect(types[0]?.stands).toBe("type Speed = 'slow' | 'fast';");
  });

  it('gives the fields of an interface and of what it extends, wherever that is', () => {
    expect(types[1]?.fields).toEqual([
      {
        name: 'pick',
        type: "(item: T, index: number) => 'one' | 'other'",
        optional: false,
        text: 'Picks: one | other.',
      },
      { name: 'speed', type: 'Speed', optional: true, text: '' },
      { name: 'kept', type: 'number', optional: true, text: 'Kept for\nall.' },
      { name: 'name', type: 'string', optional: true, text: 'Names it.' },
    ]);
  });

  it('gives the public fields of a class', () => {
    expect(types[2]?.fields).toEqual([
      { name: 'kind', type: "'pause'", optional: false, text: '' },
      { name: 'from', type: 'number', optional: false, text: '' },
      { name: 'to', type: 'number', optional: false, text: 'Where it ends.' },
    ]);
  });
});
