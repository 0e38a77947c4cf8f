import { filter, type OperatorFunction } from 'rxjs';
import { expect } from 'vitest';
import { End, type EndStatus, Gap, type GapReason, Mark, type Notice, StreamError } from '../../src/chunk/index.js';
import type { Probe, ProbeEvent } from '../../src/probe/index.js';
import { marbles } from '../../src/testing/index.js';

/** The least an item of these tests is: as much of a chunk as ordering needs. */
export interface Item {
  readonly streamId: string;
  readonly seq: number;
}

/** The n-th item. */
export function item(seq: number): Item {
  return { streamId: 's', seq };
}

/** Items `a`, `b`, `c` … numbered 0, 1, 2 …: what letters of marbles stand for. */
export const alphabet: Readonly<Record<string, Item>> = Object.fromEntries(
  [...'abcdefghij'].map((letter, seq) => [letter, item(seq)]),
);

export function gap(from: number, to: number, reason: GapReason = 'timeout'): Gap {
  return new Gap('s', from, to, reason);
}

export function end(seq: number, status: EndStatus = 'completed', error?: StreamError): End {
  return new End('s', seq, status, error);
}

export function mark(seq: number): Mark {
  return new Mark('s', seq);
}

/** A `StreamError` as far as a test cares: its code, and words its message must hold. */
export function streamError(code: StreamError['code'], ...words: string[]): unknown {
  return expect.toSatisfy(
    (error: unknown) =>
      error instanceof StreamError && error.code === code && words.every((word) => error.message.includes(word)),
    `${code}: ${words.join(' … ')}`,
  );
}

/** A probe and what it has heard, `operator` left out when it is the one expected. */
export function listen(operator: string): { probe: Probe; heard: unknown[] } {
  const heard: unknown[] = [];
  const probe = ({ operator: by, ...event }: ProbeEvent) => heard.push(by === operator ? event : { by, ...event });
  return { probe, heard };
}

/** One marble picture: an operator on a source, when it lets go, what comes out. */
export interface Picture {
  readonly source: string;
  readonly subscription: string;
  /** When the consumer subscribes and unsubscribes. Default: at once and never. */
  readonly consumer?: string;
  /** What comes out; without the gaps, where they have a line of their own. */
  readonly result: string;
  /** The gaps that come out. A line of their own, because a group of marbles would take the frames of what follows. */
  readonly gaps?: string;
  /** Letters beside the {@link alphabet}. */
  readonly values?: Readonly<Record<string, unknown>>;
  readonly error?: unknown;
}

/** Checks a picture on a cold and on a hot source. */
export function expectPicture<T extends Item | Notice, R>(operator: OperatorFunction<T, R>, shown: Picture): void {
  const { source, subscription, consumer, result, gaps, error } = shown;
  const values = { ...alphabet, ...shown.values } as Record<string, never>;
  for (const temperature of ['cold', 'hot'] as const) {
    marbles((helpers) => {
      const { expectObservable, expectSubscriptions } = helpers;
      const input = helpers[temperature]<T>(source, values);
      const output = input.pipe(operator);
      if (gaps === undefined) {
        expectObservable(output, consumer).toBe(result, values, error);
        expectSubscriptions(input.subscriptions).toBe(subscription);
        return;
      }
      expectObservable(output.pipe(filter((value) => !(value instanceof Gap))), consumer).toBe(result, values, error);
      expectObservable(output.pipe(filter((value) => value instanceof Gap)), consumer).toBe(gaps, values, error);
      expectSubscriptions(input.subscriptions).toBe([subscription, subscription]);
    });
  }
}
