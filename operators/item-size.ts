import { kindOf, StreamError } from '../src/chunk/index.js';
import { callbackError } from './operate.js';

/**
 * Bytes an item counts for: what the user's function says, else the item's own `size`, else 0.
 *
 * @throws StreamError `callback-failed` when the user's function throws or gives no size
 *
 * @internal
 */
export function itemSize<T>(operator: string, size: ((item: T) => number) | undefined, item: T): number {
  if (size === undefined) return ownSize(item);
  let bytes: number;
  try {
    bytes = size(item);
  } catch (error) {
    throw callbackError(operator, error);
  }
  // Written so that NaN, which would disarm every bound, is refused too.
  if (bytes >= 0) return bytes;
  const message = `${operator}: size must return a number of at least 0, got ${kindOf(bytes)}`;
  throw new StreamError('callback-failed', message, { operator });
}

function ownSize(item: unknown): number {
  if (typeof item !== 'object' || item === null) return 0;
  const { size } = item as { size?: unknown };
  return typeof size === 'number' ? size : 0;
}
