import type { IncomingMessage } from 'node:http';

/**
 * @internal Reads the body of a request of Node, and stops as soon as it is refused: `undefined` where `admits`, which is told how long
 * it is so far, says no. Rejects where it is cut off.
 */
export function nodeBody(
  request: IncomingMessage,
  admits: (length: number) => boolean,
): Promise<Uint8Array | undefined> {
  return new Promise((resolve, reject) => {
    const parts: Buffer[] = [];
    let length = 0;
    const take = (part: Buffer): void => {
      length += part.length;
      parts.push(part);
      if (admits(length)) return;
      request.off('data', take).pause();
      resolve(undefined);
    };
    // Who has gone already does not go again.
    if (request.destroyed) reject(new Error('the body was cut off'));
    request.on('data', take);
    request.on('end', () => resolve(parts.length === 1 ? parts[0] : Buffer.concat(parts)));
    request.on('error', reject);
    request.on('close', () => {
      if (!request.readableEnded) reject(new Error('the body was cut off'));
    });
  });
}
