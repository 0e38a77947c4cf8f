import { type Codec, type CodecOptions, codecRules, type Coder, each, malformed } from './codec.js';
import { createEventStreamReader, type IncomingEvent, type OutgoingEvent, writeEvent } from './event-stream.js';

/**
 * Server-sent events, the bytes split anywhere. An event with more than `maxFrameBytes` of data fails; invalid UTF-8 becomes
 * U+FFFD, as the specification says, whatever `fatal` says. An event that the end cuts off is none, unless `onTruncated`
 * says otherwise. At most one event is held.
 *
 * @example
 * bytes$.pipe(transcode(sse.decode)); // { event: 'message', id: '7', data: 'a' } of 'id: 7\nda' | 'ta: a\n\n'
 */
export const sse: {
  readonly decode: Codec<Uint8Array, IncomingEvent>;
  readonly encode: Codec<OutgoingEvent, Uint8Array>;
} = {
  decode: { create: (options) => new Decoder(options) },
  encode: each((event) => {
    try {
      return encoder.encode(writeEvent(event));
    } catch (cause) {
      throw malformed('sse', (cause as Error).message, cause);
    }
  }),
};

const encoder = new TextEncoder();
const eventEnd = encoder.encode('\n\n');

class Decoder implements Coder<Uint8Array, IncomingEvent> {
  private readonly rules;
  private readonly reader;
  private events: IncomingEvent[] = [];

  constructor(options?: CodecOptions) {
    this.rules = codecRules(options);
    const maxEventBytes = this.rules.maxFrameBytes;
    this.reader = createEventStreamReader((event) => this.events.push(event), { maxEventBytes });
  }

  *push(bytes: Uint8Array): Iterable<IncomingEvent> {
    let failure: { readonly error: unknown } | undefined;
    try {
      this.reader.push(bytes);
    } catch (error) {
      failure = { error };
    }
    const { events } = this;
    this.events = [];
    yield* events;
    if (failure !== undefined) throw failure.error;
  }

  *flush(): Iterable<IncomingEvent> {
    const { onTruncated = 'drop' } = this.rules;
    if (onTruncated === 'drop') return;
    // Whether something is left shows when it is ended.
    const [left] = this.push(eventEnd);
    if (left === undefined) return;
    if (onTruncated === 'error') throw malformed('sse', 'the data end within an event');
    yield left;
  }
}
