import { closeCodes } from '../protocol/index.js';
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
  if (typeof url === 'function') return new Asked((failures) => check(url(failures)));
  if (!Array.isArray(url)) return new Listed([check(url)], 0);
  if (url.length === 0) throw new TypeError('url must hold one address at least, got an empty list');
  return new Listed(url.map(check), Math.floor(random() * url.length));
}

class Listed implements Addresses {
  constructor(
    private readonly addresses: readonly string[],
    private at: number,
  ) {}

  current(): string {
    return this.addresses[this.at]!;
  }

  failed(address: string): void {
    // Of many that used it together, the first one goes on for all.
    if (address === this.current()) this.at = (this.at + 1) % this.addresses.length;
  }
}

class Asked implements Addresses {
  private failures = 0;
  private last: string | undefined;

  constructor(private readonly ask: (failures: number) => string) {}

  current(): string {
    return (this.last = this.ask(this.failures));
  }

  failed(address: string): void {
    if (address !== this.last) return;
    this.failures++;
    this.last = undefined;
  }
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
        if (address !== undefined && code !== closeCodes.normal) addresses.failed(address);
        events.closed(code, reason);
      },
    },
  };
}
