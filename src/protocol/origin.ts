import { kindOf } from '../chunk/index.js';

/**
 * Which pages may connect: origins such as `https://example.com`, `'*'` for all, or a function that decides. A function
 * that throws refuses.
 */
export type Origins = readonly string[] | ((origin: string) => boolean);

/** Headers the origin check looks at. */
export interface OriginHeaders {
  readonly origin?: string | undefined;
  readonly host?: string | undefined;
}

/**
 * Checks an `origins` option at call time.
 *
 * @throws TypeError when an entry is no origin
 */
export function checkOrigins(origins: Origins | undefined): Origins | undefined {
  if (origins === undefined || typeof origins === 'function') return origins;
  if (!Array.isArray(origins)) throw new TypeError(`origins must be a list or a function, got ${kindOf(origins)}`);
  for (const entry of origins as readonly unknown[]) {
    if (entry === '*' || (typeof entry === 'string' && URL.canParse(entry) && new URL(entry).origin === entry))
      continue;
    const got = typeof entry === 'string' ? `"${entry}"` : kindOf(entry);
    throw new TypeError(`origins must hold origins such as "https://example.com", or "*", got ${got}`);
  }
  return origins;
}

/**
 * Whether a request may connect. Browsers say in `Origin` which page asks, and pages cannot change it; a request without
 * it is no page's and passes. Without a list, only pages of the host that is asked pass: a foreign page must not use its
 * visitor's browser, and with it his network and cookies, to read from here.
 */
export function originAllowed(origins: Origins | undefined, headers: OriginHeaders): boolean {
  const { origin, host } = headers;
  if (origin === undefined) return true;
  if (origins === undefined) return sameHost(origin, host);
  if (typeof origins !== 'function') return origins.includes('*') || origins.includes(origin.toLowerCase());
  try {
    return origins(origin);
  } catch {
    return false;
  }
}

function sameHost(origin: string, host: string | undefined): boolean {
  if (host === undefined || !URL.canParse(origin)) return false;
  const page = new URL(origin);
  const asked = `${page.protocol}//${host}`;
  // Through the same parser, so that letter case and a port that is the default make no difference.
  return URL.canParse(asked) && new URL(asked).host === page.host && page.host !== '';
}
