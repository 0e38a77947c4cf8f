import fc from 'fast-check';

/** Any character of Unicode, as a string: all but the lone surrogates. fast-check's own takes seconds to set up. */
export const codePoint = fc
  .integer({ min: 0, max: 0x10ffff - 0x800 })
  .map((n) => String.fromCodePoint(n < 0xd800 ? n : n + 0x800));
