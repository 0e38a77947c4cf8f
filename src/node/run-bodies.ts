import * as z from 'zod';

const text = z.string().min(1);
const json = z.json();
/** @internal What a run is started with. */
export const starting = z.strictObject({
  pipeline: text,
  input: json.optional(),
  executionId: text.optional(),
  session: text.max(256).optional(),
});

/** @internal What a run is cancelled with. */
export const cancelling = z.strictObject({ reason: z.string().max(1024).optional() });

/** @internal What a step that waits is answered with. */
export const answering = z.strictObject({ name: text, value: json, step: text.optional() });
