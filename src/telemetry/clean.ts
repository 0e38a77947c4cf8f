/** Longest text of a field, in characters. */
const longest = 256;

/** What ends a line, moves the cursor or turns the direction of writing: with it a text could pass for a line of its own. */
// oxlint-disable-next-line no-control-regex -- they are what is looked for
const forging = /[\u0000-\u001f\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/g;

/** What announces a token, and the token, quoted or not. */
const announced =
  /((?:api[_-]?key|access|token|password|secret|sig(?:nature)?|authorization)["']?\s*[=:]\s*)(?:(?:bearer|basic)\s+)?(?:"[^"]*"?|'[^']*'?|[^\s"'&,;]+)/gi;
/** Tokens that nothing announces. */
const bare = /\bslk_[\w-]+|\beyJ[\w-]+\.[\w.-]*|\b(?:bearer|basic)\s+[\w~+/.=-]+/gi;
/** Who somebody is and by what password, in a URL. */
const credentials = /(:\/\/)[^\s/@]+@/g;
const leftOut = '[left out]';

/**
 * A text of somebody else's as a field of a line may hold it: on one line, without tokens, and not long.
 *
 * @internal
 */
export function clean(text: string): string {
  // Cut twice: what is never written needs not be searched, and what is left out may have made it shorter.
  const shown = text
    .slice(0, longest * 4)
    .replaceAll(announced, `$1${leftOut}`)
    .replaceAll(bare, leftOut)
    .replaceAll(credentials, `$1${leftOut}@`)
    .replaceAll(forging, (sign) => `\\u${sign.charCodeAt(0).toString(16).padStart(4, '0')}`);
  return shown.length <= longest && text.length <= longest * 4 ? shown : `${shown.slice(0, longest).toWellFormed()}…`;
}
