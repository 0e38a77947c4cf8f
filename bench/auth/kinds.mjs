// Apart from what needs the build: that is made later.

/** All ways; what is new is a token for each connection, that nobody has seen before. */
export const kinds = [
  'open',
  'header not looked at',
  'key',
  'key in a frame',
  'token known',
  'HS256 token new',
  'RS256 token new',
  'ES256 token new',
  'EdDSA token new',
];
