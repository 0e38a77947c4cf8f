import { isJoinPosition, joinPositionWords, nameProblem } from '../chunk/index.js';
import {
  anything,
  fields,
  list,
  oneOf,
  optional,
  passing,
  type Shape,
  string,
  whole,
  without,
} from '../chunk/shape.js';

/** @internal A stream's name. */
export const stream = without(nameProblem);
/** @internal A count, or the number of a channel, of a chunk or of an epoch. */
export const number = whole();
/** @internal Which of all streams that ever had a name. */
export const life = optional(string(1, 64));
/** @internal Why something is over. */
export const reason = optional(string(0, 1024));
/** @internal How a stream ended. */
export const status = oneOf('completed', 'failed', 'cancelled');
/** @internal What a producer calls itself. */
export const token = string(1, 256);

/** @internal Where a reader begins. */
export const position = passing(isJoinPosition, joinPositionWords);

/** @internal So many heads of chunks. They are checked one by one while decoding, so that a wrong one is named by its index. */
export function heads(min = 0, max = Infinity): Shape {
  return list(anything, min, max);
}

/** @internal A frame of these fields. By its `t` it was found, so that needs no second look. */
export function frame(shapes: Readonly<Record<string, Shape>>): Shape {
  return fields({ t: anything, ...shapes });
}
