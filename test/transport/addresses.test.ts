import { describe, expect, it } from 'vitest';
import { addressOfLink, createAddresses } from '../../src/transport/addresses.js';

const text = (url: unknown): string => {
  if (typeof url === 'string') return url;
  throw new TypeError('no address');
};

describe('createAddresses', () => {
  it('stays with the only one', () => {
    const addresses = createAddresses('a', text);
    addresses.failed('a');
    expect(addresses.current()).toBe('a');
  });

  it('begins anywhere in a list, and goes round it as they fail', () => {
    const addresses = createAddresses(['a', 'b', 'c'], text, () => 0.5);
    expect(addresses.current()).toBe('b');
    const seen = ['b', 'c', 'a', 'b'].map((address) => {
      addresses.failed(address);
      return addresses.current();
    });
    expect(seen).toEqual(['c', 'a', 'b', 'c']);
  });

  it('draws where to begin from the platform when nothing else is given', () => {
    const list = Array.from({ length: 100 }, (_, i) => `${i}`);
    const first = Array.from({ length: 20 }, () => createAddresses(list, text).current());
    expect(new Set(first).size).toBeGreaterThan(1);
  });

  it('goes on once for all who saw the same one fail', () => {
    const addresses = createAddresses(['a', 'b', 'c'], text, () => 0);
    expect(addresses.current()).toBe('a');
    for (let i = 0; i < 5; i++) addresses.failed('a');
    expect(addresses.current()).toBe('b');
  });

  it('asks a function each time, and tells it how many have failed', () => {
    const addresses = createAddresses((failures) => `after ${failures}`, text);
    expect([addresses.current(), addresses.current()]).toEqual(['after 0', 'after 0']);
    addresses.failed('after 0');
    addresses.failed('after 0');
    expect(addresses.current()).toBe('after 1');
  });

  it('refuses what is no address, and a list without any', () => {
    expect(() => createAddresses([], text)).toThrow('url must hold one address at least, got an empty list');
    expect(() => createAddresses(['a', 5 as never], text)).toThrow('no address');
    expect(() => createAddresses(5 as never, text)).toThrow('no address');
    expect(() => createAddresses(() => 5 as never, text).current()).toThrow('no address');
  });
});

describe('addressOfLink', () => {
  const link = (...urls: string[]) => {
    const heard: string[] = [];
    const addresses = createAddresses(urls, text, () => 0);
    const made = addressOfLink(addresses, {
      opened: () => heard.push('opened'),
      frames: (frames) => heard.push(`${frames.length} frames`),
      drained: () => heard.push('drained'),
      closed: (code) => heard.push(`closed ${code}`),
    });
    return { addresses, heard, ...made };
  };

  it('hands on what is heard', () => {
    const { events, heard } = link('a');
    events.opened();
    events.frames([]);
    events.drained();
    events.closed(1006, '');
    expect(heard).toEqual(['opened', '0 frames', 'drained', 'closed 1006']);
  });

  it.each([
    [1006, 'b'],
    [1001, 'b'],
    [4503, 'b'],
    [1000, 'a'],
  ])('after a link that ended with %i it is the turn of %s', (code, next) => {
    const { addresses, address, events } = link('a', 'b');
    expect([address(), address()]).toEqual(['a', 'a']);
    events.closed(code, '');
    expect(addresses.current()).toBe(next);
  });

  it('blames no address for a link that never took one', () => {
    const { addresses, events } = link('a', 'b');
    events.closed(1006, '');
    expect(addresses.current()).toBe('a');
  });
});
