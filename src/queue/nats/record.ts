import * as z from 'zod';
import { type JsonValue, StreamError } from '../../chunk/index.js';

const count = z.int().min(0);

const envelope = z.compile(
  z.strictObject({
    id: z.string().min(1).max(256),
    // Any value but none: it came as JSON, and a schema of JSON would drop keys such as `__proto__`.
    payload: z.custom<JsonValue>((value) => value !== undefined),
    maxAttempts: z.int().min(1),
    /** From when the server has stored it on. */
    delayMs: count,
    /** Of the attempts the job has behind it. */
    attempt: count,
  }),
);

/** @internal A job as it stands in the stream of jobs. */
export type Envelope = Readonly<z.infer<typeof envelope>>;

const record = z.compile(
  z.strictObject({
    /** `done` and `dead`: it was decided, and what follows from it may still have to be done. */
    state: z.enum(['claimed', 'waiting', 'done', 'dead']),
    attempt: count,
    failures: count,
    /** Which delivery of the job was claimed. */
    delivered: count,
    reason: z.string().max(2048).optional(),
  }),
);

/** @internal What was decided about a job last. It stands in a stream beside the jobs, on a subject of the job's own. */
export type Decision = Readonly<z.infer<typeof record>>;

const letter = z.compile(z.strictObject({ ...envelope.shape, reason: z.string().max(2048) }));

/** @internal A dead letter as it is kept. */
export type Letter = Readonly<z.infer<typeof letter>>;

/** @internal Reads a job; `undefined` when it is none. */
export function readEnvelope(text: string): Envelope | undefined {
  return read(envelope, text);
}

/** @internal Reads a dead letter; `undefined` when it is none. */
export function readLetter(text: string): Letter | undefined {
  return read(letter, text);
}

/** @internal Reads what was decided about a job. */
export function readDecision(text: string): Decision {
  const found = read(record, text);
  if (found !== undefined) return found;
  throw new StreamError('queue-incompatible', 'what is kept of a claimed job is not what this version writes');
}

function read<T>(schema: z.ZodType<T>, text: string): T | undefined {
  try {
    const { data } = schema.safeParse(JSON.parse(text));
    return data;
  } catch {
    return undefined;
  }
}

/** @internal One delivery of a job. */
export interface Delivery {
  /** Number of the job in its stream. */
  readonly seq: number;
  /** How often it was delivered, with this time. */
  readonly delivered: number;
  /** When the server has stored it, in milliseconds. */
  readonly storedAt: number;
  /** Where the server hears what becomes of it. */
  readonly reply: string;
  readonly body: string;
}

/** @internal Reads where a delivery is to be acknowledged: JetStream says there what it delivers. */
export function readDelivery(reply: string, body: string): Delivery {
  // Servers that know domains put two words more before the stream, and may put some behind.
  const words = reply.split('.');
  const from = words.length > 9 ? 6 : 4;
  const [delivered = NaN, seq = NaN, , nanoseconds = NaN] = words.slice(from).map(Number);
  if (!Number.isInteger(delivered) || !Number.isInteger(seq)) {
    throw new StreamError('queue-incompatible', `JetStream delivers with "${reply}", which is not understood`);
  }
  return { seq, delivered, storedAt: Math.floor(nanoseconds / 1_000_000), reply, body };
}

/**
 * @internal A word of a subject, and of the name of a stream, for any text. Without percent signs: the server takes names of
 * streams for formats.
 */
export function wordOf(text: string): string {
  const encoded = encodeURIComponent(text).replaceAll('.', '%2E').replaceAll('*', '%2A');
  return encoded.replaceAll('%', '=');
}

/** @internal The payload of what may be no job at all. */
export function foreign(seq: number, body: string): Envelope {
  const payload: JsonValue = body.slice(0, 1024).toWellFormed();
  return { id: `foreign-${seq}`, payload, maxAttempts: 1, delayMs: 0, attempt: 0 };
}
