import { type BodyFormatName, dataOf } from './body-format.js';

/** What a body is, as its first item shows. */
export interface Detected {
  readonly format: BodyFormatName;
  /** Where it is more than the format's own. */
  readonly contentType?: string;
}

/** What files of well-known types begin with; `..` is any byte. */
const signatures: readonly (readonly [hex: string, contentType: string])[] = [
  ['89504e470d0a1a0a', 'image/png'],
  ['ffd8ff', 'image/jpeg'],
  ['47494638', 'image/gif'],
  ['52494646........57454250', 'image/webp'],
  ['52494646........57415645', 'audio/wav'],
  ['494433', 'audio/mpeg'],
  ['fffb', 'audio/mpeg'],
  ['4f676753', 'audio/ogg'],
  ['664c6143', 'audio/flac'],
  ['25504446', 'application/pdf'],
];

/**
 * Tells from the first item what a body is: text of a string, newline-delimited JSON of a value, bytes of bytes, with their
 * media type where their beginning gives it away. Nothing that a browser would run is ever guessed.
 *
 * @internal
 */
export function detect(first: unknown): Detected {
  const data = dataOf(first);
  if (typeof data === 'string' || first === undefined) return { format: 'text' };
  if (!(data instanceof Uint8Array)) return { format: 'ndjson' };
  const hex = Array.from(data.subarray(0, 16), (byte) => byte.toString(16).padStart(2, '0')).join('');
  const contentType = signatures.find(([begin]) => new RegExp(`^${begin}`).test(hex))?.[1];
  return contentType === undefined ? { format: 'binary' } : { format: 'binary', contentType };
}
