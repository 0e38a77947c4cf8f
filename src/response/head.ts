import { type Coding, checkCodings, isCompressible, negotiate } from './compressor.js';

/** What stands above a body. */
export interface HeadOptions {
  /** Default 200. */
  readonly status?: number;
  /** More headers; one of the same name takes the place of ours. */
  readonly headers?: Readonly<Record<string, string>>;
  /**
   * Compress what gets smaller, in the coding the reader likes best: `true` for gzip, then br, then deflate. Every part can
   * be read as soon as it is there. Default `false`.
   */
  readonly compression?: boolean | readonly Coding[];
}

/** @internal The head of a response, and in what coding its body comes. */
export interface Head {
  readonly status: number;
  readonly headers: Record<string, string>;
  readonly coding: Coding | undefined;
}

const all: readonly Coding[] = ['gzip', 'br', 'deflate'];

/** @internal Checks what can be checked before there is a body. */
export function codingsOf({ compression = false }: HeadOptions): readonly Coding[] {
  return typeof compression === 'boolean' ? (compression ? all : []) : checkCodings(compression);
}

/** @internal The head above a body of this type, for a reader that takes these codings. */
export function headOf(contentType: string, accepted: string | null | undefined, options: HeadOptions): Head {
  const own = Object.entries(options.headers ?? {}).map(([name, value]) => [name.toLowerCase(), value] as const);
  const codings = isCompressible(contentType) ? codingsOf(options) : [];
  const coding = negotiate(accepted, codings);
  const headers: Record<string, string> = {
    'content-type': contentType,
    'x-content-type-options': 'nosniff',
    // Proxies are to pass on every part as it comes: not kept, not compressed once more, not collected (nginx).
    'cache-control': 'no-store, no-transform',
    'x-accel-buffering': 'no',
    ...(codings.length === 0 ? {} : { vary: 'accept-encoding' }),
    ...(coding === undefined ? {} : { 'content-encoding': coding }),
    ...Object.fromEntries(own),
  };
  return { status: options.status ?? 200, headers, coding };
}
