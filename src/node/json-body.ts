import type { IncomingMessage } from 'node:http';
import type * as z from 'zod';
import { firstProblem } from '../chunk/index.js';
import { nodeBody } from '../durable/node-body.js';
import { RequestError } from './request-error.js';

/** What stands in front of parameters, such as a character set. */
const mediaType = /^\s*([^\s;]+)/;

/**
 * The JSON body of a request, as a schema has it. Without a body it is an empty object.
 *
 * @internal
 * @throws {@link RequestError} 415 for another media type, 413 for more bytes than `limit`, 400 naming the field that is wrong
 */
export async function readJsonBody<S extends z.ZodType>(
  request: IncomingMessage,
  schema: S,
  limit: number,
): Promise<z.output<S>> {
  const text = await readText(request, limit);
  // Asked for at all: a page elsewhere may send a form without asking its visitor's browser first, but no JSON. Not before: over
  // HTTP/2 nobody has to say that there is a body.
  if (text !== '') checkMediaType(request.headers['content-type']);
  const value = parsed(text);
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const { field, message } = firstProblem(result.error, value);
  throw new RequestError(400, 'frame-invalid', field === undefined ? message : `${field}: ${message}`, field);
}

function checkMediaType(given: string | undefined): void {
  const type = mediaType.exec(given ?? '')?.[1]?.toLowerCase();
  if (type === 'application/json') return;
  const got = type === undefined ? 'none was named' : `got "${type.slice(0, 64)}"`;
  throw new RequestError(415, 'frame-malformed', `the body must be application/json: ${got}`);
}

async function readText(request: IncomingMessage, limit: number): Promise<string> {
  const body = await nodeBody(request, (length) => length <= limit).catch(cutOff);
  if (body === undefined) throw new RequestError(413, 'frame-too-large', `the body must have at most ${limit} bytes`);
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(body);
  } catch {
    throw new RequestError(400, 'frame-malformed', 'the body is not UTF-8');
  }
}

/** Whoever has gone hears no answer. */
function cutOff(): never {
  throw new RequestError(400, 'frame-malformed', 'the body was cut off');
}

function parsed(text: string): unknown {
  if (text === '') return {};
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new RequestError(400, 'frame-malformed', `the body is not JSON: ${(error as Error).message}`);
  }
}
