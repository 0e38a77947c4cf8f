import * as z from 'zod';
import { checkName, type JsonValue, jsonProblem, StreamError } from '../chunk/index.js';
import { firstProblem } from '../chunk/issue.js';
import { checkStepId } from './step.js';

/** @internal Where the calls of remote actors are: their streams, and by the same names their jobs. */
export const callStreams = 'actors/';

/** Longest name of a call's stream: it is the id of a job as well. */
const maxLength = 256;

/** The stream of a call of a remote actor: any connection may read it, and cancel it. */
export function callStream(actor: string, id: string): string {
  const name = checkName(`${callStreams}${checkStepId(actor)}/${id}`);
  if (id.includes('/')) throw new TypeError('the id of a call must not hold "/"');
  const most = maxLength - name.length + id.length;
  if (id.length > most) throw new RangeError(`the id of a call must have at most ${most} characters`);
  return name;
}

const job = z.strictObject({
  actor: z.string(),
  id: z.string(),
  input: z.custom<JsonValue>((value) => jsonProblem(value) === undefined).optional(),
});

/** @internal What a worker is asked to do. */
export type CallJob = z.infer<typeof job>;

/** @internal @throws {@link StreamError} `job-invalid` */
export function parseCall(payload: unknown): CallJob {
  const result = job.safeParse(payload);
  if (result.success) return result.data;
  const { field = 'payload', message } = firstProblem(result.error, payload);
  throw new StreamError('job-invalid', `no call of an actor: ${field}: ${message}`, { field });
}
