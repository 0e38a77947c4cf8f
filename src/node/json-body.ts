import type { IncomingMessage } from 'node:http';
import type * as z from 'zod';
import { firstProblem } from '../chunk/index.js';
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

function readText(request: IncomingMessage, limit: number): Promise<string> {
  return new Promise((resolve, reject) => {
    const parts: Buffer[] = [];
    let length = 0;
    const take = (part: Buffer): void => {
      length += part.length;
      parts.push(part);
      if (length <= limit) return;
      request.off('data', take);
      parts.length = 0;
      reject(new RequestError(413, 'frame-too-large', `the body must have at most ${limit} bytes`));
    };
    request.on('data', take);
    request.on('end', () => resolve(decoded(parts, reject)));
    // Whoever has gone hears no answer.
    request.on('close', () => reject(new RequestError(400, 'frame-malformed', 'the body was cut off')));
    request.on('error', reject);
  });
}

function decoded(parts: readonly Buffer[], reject: (error: RequestError) => void): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(Buffer.concat(parts));
  } catch {
    reject(new RequestError(400, 'frame-malformed', 'the body is not UTF-8'));
    return '';
  }
}

function parsed(text: string): unknown {
  if (text === '') return {};
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new RequestError(400, 'frame-malformed', `the body is not JSON: ${(error as Error).message}`);
  }
}
