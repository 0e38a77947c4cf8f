import type { IncomingMessage } from 'node:http';

/**
 * @internal Finds which of these headers, named in lower case, a request of Node says more than once: Node has joined them, or left all
 * but the first out. At most 31.
 */
export function findRepeated(
  names: Iterable<string>,
): (request: Pick<IncomingMessage, 'rawHeaders'>) => string | undefined {
  // Bits, because a list of those seen would be made anew for every request.
  const bits = new Map(Array.from(names, (name, at) => [name, 1 << at]));
  return ({ rawHeaders }) => {
    let seen = 0;
    for (let i = 0; i < rawHeaders.length; i += 2) {
      const name = rawHeaders[i]!.toLowerCase();
      const bit = bits.get(name) ?? 0;
      if ((seen & bit) !== 0) return name;
      seen |= bit;
    }
    return undefined;
  };
}
