import fc from 'fast-check';
import { expect, it } from 'vitest';
import type * as z from 'zod';
import type { Shape } from '../../src/chunk/shape.js';
import { frameText } from '../../src/protocol/encode.js';
import type { OutgoingFrame } from '../../src/protocol/frame.js';
import { agree } from '../chunk/agreement.js';
import { mutated } from '../chunk/mutations.js';

/** What a browser checks frames by says what the published schemas say: laws of one side's frames. */
export function shapeLaws(
  shapes: Readonly<Record<string, Shape>>,
  schemas: Readonly<Record<string, z.ZodType>>,
  samples: readonly OutgoingFrame[],
  anyFrame: fc.Arbitrary<OutgoingFrame>,
): void {
  const onWire = (frame: OutgoingFrame) => JSON.parse(frameText(frame)) as { readonly t: string };

  it('are of the same frames as the schemas', () => {
    expect(Object.keys(shapes)).toEqual(Object.keys(schemas));
  });

  it('take what the schemas take', () => {
    fc.assert(
      fc.property(anyFrame, (frame) => {
        expect(agree(onWire(frame), shapes[frame.t]!, schemas[frame.t]!)).toBe(true);
      }),
    );
  });

  for (const t of Object.keys(schemas)) {
    it(`refuse what the schema of ${t} refuses, for the same field`, () => {
      let refused = 0;
      const valid = samples.filter((frame) => frame.t === t).map(onWire);
      fc.assert(
        fc.property(fc.constantFrom(...valid).chain(mutated), (value) => {
          // By its `t` a frame was found: what another one means is the decoder's to say.
          const frame = typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value, t } : value;
          if (!agree(frame, shapes[t]!, schemas[t]!)) refused++;
        }),
        { numRuns: 400 },
      );
      expect(refused).toBeGreaterThan(50);
    });
  }
}
