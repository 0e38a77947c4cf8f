import { kindOf } from '../chunk/index.js';
import { closedNormally } from '../protocol/index.js';
import type { ClientLinkEvents } from './transport.js';

/** One address of a server. */
export type Address = string | URL;

/**
 * Where a server is found: at one address; at any of several, each as good as the others, such as gateways over one log; or at
 * what a function answers, which is told how many addresses have failed so far and may name others as time goes by.
 */
export type ServerAddress = Address | readonly Address[] | ((failures: number) => Address);

/** @internal Addresses of which one is in use until it fails. */
export interface Addresses {
  /** The one to use now. @throws TypeError when a function answers what is no address */
  current(): string;
  /** That one has failed: it is the next one's turn, if nobody has seen it fail before. */
  failed(address: string): void;
}

/**
 * @internal Checks an address, or several, and keeps which one is in use. Of several the first is left to chance, so that clients
 * with the same list spread over all of them.
 *
 * @param check - makes an address whole. @throws TypeError when it is none
 * @throws TypeError when there is none, or one is no address
 */
export function createAddresses(
  url: ServerAddress,
  check: (url: unknown) => string,
  random: () => number = Math.random,
): Addresses {
  const ask = typeof url === 'function' ? (failures: number) => check(url(failures)) : listed(url, check, random);
  let failures = 0;
  let latest: string | undefined;
  return {
    current: () => (latest = ask(failures)),
    failed: (address) => {
      // Of many that used it together, the first one goes on for all.
      if (address !== latest) return;
      failures++;
      latest = undefined;
    },
  };
}

/** Goes round a list, from anywhere in it. */
function listed(
  url: Address | readonly Address[],
  check: (url: unknown) => string,
  random: () => number,
): (failures: number) => string {
  const all = Array.isArray(url) ? url.map(check) : [check(url)];
  if (all.length === 0) throw new TypeError('url must hold one address at least, got an empty list');
  const first = Math.floor(random() * all.length);
  return (failures) => all[(first + failures) % all.length]!;
}

/** @internal Makes the address of an HTTP server whole. @throws TypeError when it is none */
export function checkHttpUrl(url: unknown): string {
  const text = url instanceof URL ? url.href : url;
  if (typeof text !== 'string' || !/^\s*https?:/i.test(text) || !URL.canParse(text)) {
    throw new TypeError(`url must be an http: or https: address, got ${kindOf(url)}`);
  }
  const parsed = new URL(text);
  // `fetch` takes none, and names them in its error.
  if (parsed.username !== '' || parsed.password !== '') throw new TypeError('url must not hold a name or password');
  return parsed.href;
}

/** @internal What one link needs of addresses. */
export interface LinkAddress {
  /** The address of the link, from the first call on the same. */
  readonly address: () => string;
  /** The events of the link: they tell as well when it has failed. */
  readonly events: ClientLinkEvents;
}

/** @internal Takes an address for a link. However the link ends, unless it was meant to: that address has failed. */
export function addressOfLink(addresses: Addresses, events: ClientLinkEvents): LinkAddress {
  let address: string | undefined;
  return {
    address: () => (address ??= addresses.current()),
    events: {
      opened: () => events.opened(),
      frames: (frames) => events.frames(frames),
      drained: () => events.drained(),
      closed: (code, reason) => {
        if (address !== undefined && code !== closedNormally) addresses.failed(address);
        events.closed(code, reason);
      },
    },
  };
}
