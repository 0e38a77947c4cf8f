import * as z from 'zod';
import { type Chunk, createChunk, type JsonValue, jsonProblem } from '../chunk/index.js';
import type { Streams } from '../streams/index.js';
import { inboxOf } from './names.js';

const json = z.custom<JsonValue>((value) => jsonProblem(value) === undefined);

const letter = z.discriminatedUnion('type', [
  z.strictObject({
    type: z.literal('answer'),
    step: z.string(),
    name: z.string(),
    value: json,
    by: z.string().optional(),
  }),
  z.strictObject({ type: z.literal('cancel'), reason: z.string().max(1024).optional(), by: z.string().optional() }),
]);

/** @internal What is said to a run. */
export type Letter = z.infer<typeof letter>;

/** @internal An answer to a step that waits. */
export type Answer = Extract<Letter, { type: 'answer' }>;

/** @internal What a chunk of an inbox says; nothing where it says nothing: anybody may write to a stream. */
export function letterOf({ data }: Pick<Chunk, 'data'>): Letter | undefined {
  return letter.safeParse(data).data;
}

/** @internal Whether an answer is one to a question, by somebody who may give it. */
export function isAnswerTo(
  said: Letter,
  step: string,
  name: string,
  by: readonly string[] | undefined,
): said is Answer {
  if (said.type !== 'answer' || said.step !== step || said.name !== name) return false;
  return by === undefined || (said.by !== undefined && by.includes(said.by));
}

/** @internal Everything said to a run so far, and where the next word would stand. */
export async function lettersOf(streams: Streams, executionId: string): Promise<{ letters: Letter[]; next: number }> {
  const streamId = inboxOf(executionId);
  const { next = 0, first = 0 } = (await streams.info(streamId)) ?? {};
  const letters: Letter[] = [];
  if (next === first) return { letters, next };
  for await (const chunk of streams.read(streamId)) {
    const said = letterOf(chunk);
    if (said !== undefined) letters.push(said);
    if (chunk.seq + 1 >= next) break;
  }
  return { letters, next };
}

/** @internal Says something to a run, unless somebody else has said something meanwhile. */
export async function post(streams: Streams, executionId: string, said: Letter, at?: number): Promise<void> {
  const streamId = inboxOf(executionId);
  const chunk = createChunk({ streamId, seq: 0, data: said as unknown as JsonValue });
  await streams.publish(streamId, [chunk], at === undefined ? {} : { at });
}
