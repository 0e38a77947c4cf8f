import { kindOf, type JsonValue } from '../chunk/index.js';
import { base64 } from './base64.js';
import { chain, type Codec, each, type Format } from './codec.js';
import type { OutgoingEvent } from './event-stream.js';
import { json } from './json.js';
import { lines } from './lines.js';
import { ndjson } from './ndjson.js';
import { sse } from './sse.js';
import { utf8 } from './utf8.js';

/** The formats {@link createCodecs} knows, and what an item of each is. Add yours with an intersection. */
export interface StandardFormats {
  /** Bytes of any kind, split anywhere. */
  readonly bytes: Uint8Array;
  /** Text, split anywhere. */
  readonly text: string;
  /** Bytes as base64 text, split anywhere. */
  readonly base64: string;
  /** Whole lines without their ends. */
  readonly lines: string;
  /** JSON values. */
  readonly json: JsonValue;
  /** Bytes of newline-delimited JSON, split anywhere. */
  readonly ndjson: Uint8Array;
  /** Server-sent events. */
  readonly events: OutgoingEvent & { readonly data: string };
  /** Bytes of server-sent events, split anywhere. */
  readonly sse: Uint8Array;
  /** Bytes of MessagePack, split anywhere: add it, because it needs a peer. */
  readonly msgpack: Uint8Array;
}

type Name<F> = keyof F & string;

/** Codecs by what they turn into what. */
export interface Codecs<F> {
  /** Adds a codec, in place of the one there was. */
  add<A extends Name<F>, B extends Name<F>>(from: A, to: B, codec: Codec<F[A], F[B]>): this;
  /** Adds the codecs of both ways between what travels and what it says. */
  addFormat<A extends Name<F>, B extends Name<F>>(wire: A, values: B, format: Format<F[A], F[B]>): this;
  /** The formats on the shortest way, both ends included; `undefined` when there is none. */
  path<A extends Name<F>, B extends Name<F>>(from: A, to: B): readonly Name<F>[] | undefined;
  /**
   * The codec, or the chain of those on the shortest way.
   *
   * @throws RangeError when there is no way
   */
  find<A extends Name<F>, B extends Name<F>>(from: A, to: B): Codec<F[A], F[B]>;
}

/**
 * Makes a registry of codecs with the standard ones in it: `bytes` ↔ `text` ↔ `lines` ↔ `json` ↔ `ndjson`, `bytes` ↔ `base64`,
 * `sse` ↔ `events` ↔ `json`. What has no codec of its own goes by way of others.
 *
 * @example
 * const codecs = createCodecs().addFormat('msgpack', 'json', messagePack as Format<Uint8Array, JsonValue>);
 * response$.pipe(transcode(codecs.find('sse', 'msgpack'))); // sse → events → json → msgpack
 */
export function createCodecs<F extends StandardFormats = StandardFormats>(): Codecs<F> {
  const codecs: unknown = new Registry<StandardFormats>()
    .addFormat('bytes', 'text', utf8)
    .addFormat('base64', 'bytes', base64)
    .addFormat('text', 'lines', lines)
    .addFormat('lines', 'json', json)
    .addFormat('ndjson', 'json', ndjson)
    .addFormat('sse', 'events', sse)
    .addFormat('events', 'json', eventData);
  return codecs as Codecs<F>;
}

/** Events by their data alone. */
const eventData: Format<StandardFormats['events'], JsonValue> = {
  decode: chain(
    each(({ data }) => data),
    json.decode,
  ),
  encode: chain(
    json.encode,
    each((data) => ({ data })),
  ),
};

const same: Codec<unknown, unknown> = each((item) => item);

class Registry<F> implements Codecs<F> {
  /** By where they lead from, then to. */
  private readonly ways = new Map<string, Map<string, Codec<unknown, unknown>>>();

  add<A extends Name<F>, B extends Name<F>>(from: A, to: B, codec: Codec<F[A], F[B]>): this {
    checkName('from', from);
    checkName('to', to);
    if (typeof (codec as Partial<typeof codec> | undefined)?.create !== 'function') {
      throw new TypeError(`codec must have a create method, got ${kindOf(codec)}`);
    }
    const ways = this.ways.get(from) ?? new Map<string, Codec<unknown, unknown>>();
    this.ways.set(from, ways.set(to, codec as Codec<unknown, unknown>));
    return this;
  }

  addFormat<A extends Name<F>, B extends Name<F>>(wire: A, values: B, format: Format<F[A], F[B]>): this {
    return this.add(wire, values, format.decode).add(values, wire, format.encode);
  }

  path<A extends Name<F>, B extends Name<F>>(from: A, to: B): readonly Name<F>[] | undefined {
    const paths = new Map<string, readonly Name<F>[]>([[from, [from]]]);
    // A map that grows while it is walked is walked to its end: nearer formats first.
    for (const [at, path] of paths) {
      if (at === to) return path;
      for (const next of this.ways.get(at)?.keys() ?? []) {
        if (!paths.has(next)) paths.set(next, [...path, next as Name<F>]);
      }
    }
    return undefined;
  }

  find<A extends Name<F>, B extends Name<F>>(from: A, to: B): Codec<F[A], F[B]> {
    const path = this.path(from, to);
    if (path === undefined) throw new RangeError(`there is no codec from "${from}" to "${to}", nor a way`);
    const codecs = path.slice(1).map((format, i) => this.ways.get(path[i]!)!.get(format)!);
    const [first = same, ...others] = codecs;
    return others.reduce(chain, first) as Codec<F[A], F[B]>;
  }
}

function checkName(option: string, name: unknown): void {
  if (typeof name !== 'string' || name === '') throw new TypeError(`${option} must be a name, got ${kindOf(name)}`);
}
