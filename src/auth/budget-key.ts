import type { Principal } from './auth.js';

/**
 * @internal By what somebody is counted: by who he is; where nobody knows that, by where he comes from.
 *
 * @param address - remote address, where there is one
 */
export function budgetKey(principal: Pick<Principal, 'id'> | undefined, address: string | undefined): string {
  return principal?.id ?? `address ${networkOf(address)}`;
}

/**
 * @internal What an address counts as. Whoever has one of IPv6 nearly always has a network of 2^64 of them, so it is the network that
 * counts; and one of IPv4 is the same in whatever clothes it comes.
 */
export function networkOf(address = 'nowhere'): string {
  if (!address.includes(':')) return address;
  const groups = groupsOf(address);
  if (groups === undefined) return address;
  const [a, b, c, d, e, f, g = 0, h = 0] = groups;
  const isMapped = [a, b, c, d, e].every((group) => group === 0) && f === 0xffff;
  if (isMapped) return [g >> 8, g & 255, h >> 8, h & 255].join('.');
  return `${[a, b, c, d].map((group) => group!.toString(16)).join(':')}::/64`;
}

/** The eight numbers of an address of IPv6; `undefined` where it is none. */
function groupsOf(address: string): readonly number[] | undefined {
  const [bare = ''] = address.split('%', 1);
  const [before = '', behind, ...more] = bare.split('::');
  if (more.length > 0) return undefined;
  const [head, tail] = [numbersOf(before), numbersOf(behind ?? '')];
  const missing = 8 - head.length - tail.length;
  const groups = behind === undefined ? head : [...head, ...Array<number>(Math.max(0, missing)).fill(0), ...tail];
  return groups.length === 8 && groups.every((group) => group >= 0 && group <= 0xffff) ? groups : undefined;
}

function numbersOf(text: string): number[] {
  if (text === '') return [];
  return text.split(':').flatMap((part) => {
    const ipv4 = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})$/.exec(part)?.slice(1).map(Number);
    if (ipv4 === undefined) return /^[\da-f]{1,4}$/i.test(part) ? parseInt(part, 16) : NaN;
    const [a, b, c, d] = ipv4 as [number, number, number, number];
    return [a * 256 + b, c * 256 + d];
  });
}
