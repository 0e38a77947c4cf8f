/** Networks that are nobody's on the internet: this host, private, link-local, shared, reserved, multicast. */
const closedV4: readonly (readonly [network: string, bits: number])[] = [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.0.2.0', 24],
  ['192.88.99.0', 24],
  ['192.168.0.0', 16],
  ['198.18.0.0', 15],
  ['198.51.100.0', 24],
  ['203.0.113.0', 24],
  ['224.0.0.0', 3],
];

const dotted = /^\d{1,3}(?:\.\d{1,3}){3}$/;

/** @internal Whether an IP address is none that a stranger may have us call. What is no address is closed, too. */
export function isClosedAddress(address: string): boolean {
  if (dotted.test(address)) return closedV4.some(([network, bits]) => sharesBits(address, network, bits));
  const groups = groupsOf(address);
  if (groups === undefined) return true;
  const v4 = embeddedV4(groups);
  if (v4 !== undefined) return isClosedAddress(v4);
  // Only 2000::/3 is given out, and of that 2001:db8::/32 is for books.
  return (groups[0]! & 0xe000) !== 0x2000 || (groups[0] === 0x2001 && groups[1] === 0xdb8);
}

function sharesBits(address: string, network: string, bits: number): boolean {
  const shift = 32 - bits;
  return numberOf(address) >>> shift === numberOf(network) >>> shift;
}

function numberOf(address: string): number {
  return address.split('.').reduce((number, part) => ((number << 8) | Number(part)) >>> 0, 0);
}

/** The eight groups of an IPv6 address. */
function groupsOf(address: string): readonly number[] | undefined {
  const [plain = ''] = address.split('%', 1);
  const last = plain.slice(plain.lastIndexOf(':') + 1);
  const tail = dotted.test(last) ? numberOf(last) : undefined;
  const text =
    tail === undefined
      ? plain
      : `${plain.slice(0, -last.length)}${(tail >>> 16).toString(16)}:${(tail & 0xffff).toString(16)}`;
  const halves = text.split('::');
  if (!text.includes(':') || halves.length > 2) return undefined;
  const [left = [], right = []] = halves.map((half) => (half === '' ? [] : half.split(':')));
  const gap = 8 - left.length - right.length;
  if (halves.length === 1 ? gap !== 0 : gap < 1) return undefined;
  const groups = [...left, ...Array<string>(gap).fill('0'), ...right];
  return groups.every((group) => /^[\da-f]{1,4}$/i.test(group))
    ? groups.map((group) => parseInt(group, 16))
    : undefined;
}

/** The IPv4 address that an IPv6 address stands for: mapped, compatible, NAT64 or 6to4. */
function embeddedV4(groups: readonly number[]): string | undefined {
  const [a, b, c, d, e, f] = groups as [number, number, number, number, number, number];
  const zeros = (a | b | c | d) === 0;
  const nat64 = a === 0x64 && b === 0xff9b && (c | d | e | f) === 0;
  if ((zeros && (e | f) === 0) || (zeros && e === 0 && f === 0xffff) || nat64) return v4Of(groups[6]!, groups[7]!);
  return a === 0x2002 ? v4Of(b, c) : undefined;
}

function v4Of(high: number, low: number): string {
  return `${high >> 8}.${high & 255}.${low >> 8}.${low & 255}`;
}

/**
 * @internal Why a webhook must not be called at this URL, or `undefined` when it may: a stranger's word must not make us call
 * what only we can reach. With `allowLocal`, for development, `http://localhost` and `http://127.0.0.x` are let through. A name is
 * looked at again when it is resolved.
 */
export function webhookProblem(text: string, allowLocal: boolean): string | undefined {
  if (text.length > 2048 || !URL.canParse(text)) return 'it is no URL';
  const { protocol, hostname, username, password } = new URL(text);
  if (username !== '' || password !== '') return 'it holds a user or password';
  if (allowLocal && isLocal(hostname))
    return protocol === 'http:' || protocol === 'https:' ? undefined : 'it is not https';
  if (protocol !== 'https:') return 'it is not https';
  const address = hostname.startsWith('[') ? hostname.slice(1, -1) : hostname;
  const isAddress = dotted.test(address) || address.includes(':');
  if (isAddress && isClosedAddress(address)) return 'its address is not on the internet';
  return localName.test(hostname) || (!hostname.includes('.') && !isAddress)
    ? 'its name is not on the internet'
    : undefined;
}

const localName = /(?:^|\.)(?:localhost|local|internal|localdomain|home\.arpa)\.?$/;

/** @internal Whether a host is this one, by a name that development may use. */
export function isLocal(hostname: string): boolean {
  return hostname === 'localhost' || /^127\.0\.0\.\d{1,3}$/.test(hostname);
}
