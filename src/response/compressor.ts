import { kindOf } from '../chunk/index.js';

/** Content codings a body may have, by their names in HTTP (RFC 9110, section 8.4.1). */
export type Coding = 'br' | 'gzip' | 'deflate';

/** Compresses one body. What `push` gives can be read by the other side without anything that comes later. */
export interface Compressor {
  push(bytes: Uint8Array): Promise<Uint8Array>;
  end(): Promise<Uint8Array>;
  /** Lets it go before its end. */
  destroy(): void;
}

/** Makes compressors: on Node `createCompressor` of `sluice/response/zlib`. */
export type CompressorFactory = (coding: Coding) => Compressor;

const codings: readonly string[] = ['br', 'gzip', 'deflate'] satisfies Coding[];

/** @internal Checks codings that a user named. */
export function checkCodings(value: unknown): readonly Coding[] {
  if (Array.isArray(value) && value.every((coding) => codings.includes(coding as string))) return value as Coding[];
  throw new TypeError(`compression must be true, false or some of "br", "gzip", "deflate", got ${kindOf(value)}`);
}

/**
 * The coding that the reader likes best, among equals the first of ours (RFC 9110, section 12.5.3); `undefined` for none.
 *
 * @param accepted - the header `Accept-Encoding`
 */
export function negotiate(accepted: string | null | undefined, ours: readonly Coding[]): Coding | undefined {
  const weights = new Map<string, number>();
  for (const part of (accepted ?? '').toLowerCase().split(',')) {
    const [name, ...parameters] = part.split(';').map((text) => text.trim());
    const weight = parameters.find((parameter) => parameter.startsWith('q='));
    weights.set(name!, weight === undefined ? 1 : Number(weight.slice(2)) || 0);
  }
  const weightOf = (coding: Coding): number => weights.get(coding) ?? weights.get('*') ?? 0;
  const [best] = ours.toSorted((a, b) => weightOf(b) - weightOf(a));
  return best !== undefined && weightOf(best) > 0 ? best : undefined;
}

/** @internal Whether a body of this type gets smaller. */
export function isCompressible(contentType: string): boolean {
  return /^text\/|[/+](?:json|x-ndjson|xml|javascript)\b/.test(contentType);
}
