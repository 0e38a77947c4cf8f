import fc from 'fast-check';
import type { Codec, CodecOptions } from '../../src/format/codec.js';

/** What comes out of these inputs, and of the end behind them; an error as its last item. */
export function outcome<I, O>(codec: Codec<I, O>, inputs: Iterable<I>, options?: CodecOptions): unknown[] {
  const outputs: unknown[] = [];
  try {
    const coder = codec.create(options);
    for (const input of inputs) outputs.push(...taken(coder.push(input)));
    outputs.push(...taken(coder.flush()));
  } catch (error) {
    outputs.push(...takenBefore.splice(0), error);
  }
  return outputs;
}

const takenBefore: unknown[] = [];

/** Remembers what came before an error of the iterable itself. */
function taken(outputs: Iterable<unknown>): unknown[] {
  takenBefore.length = 0;
  for (const output of outputs) takenBefore.push(output);
  return takenBefore.splice(0);
}

/** A whole cut into pieces, at any places and of any lengths, empty ones among them. */
export function pieces<W extends string | Uint8Array>(whole: W, cuts: readonly number[]): W[] {
  const places = [0, ...cuts.map((cut) => cut % (whole.length + 1)), whole.length].toSorted((a, b) => a - b);
  return places.slice(1).map((end, i) => whole.slice(places[i], end) as W);
}

/** Where to cut. */
export const cuts = fc.array(fc.nat(), { maxLength: 12 });

/** Byte for byte, or unit for unit. */
export function crumbs<W extends string | Uint8Array>(whole: W): W[] {
  return Array.from({ length: whole.length }, (_, i) => whole.slice(i, i + 1) as W);
}

/** Text with all that is awkward: characters of one to four bytes, line breaks, nothing. */
export const text = fc.string({ unit: fc.constantFrom('a', 'é', '€', '🐋', '\n', '\r', ' ', '{', '"'), maxLength: 40 });

export const bytesOf = (content: string): Uint8Array => new TextEncoder().encode(content);

export function joined(parts: readonly Uint8Array[]): Uint8Array {
  return Uint8Array.from(parts.flatMap((part) => [...part]));
}
