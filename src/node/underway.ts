import type { ServerResponse } from 'node:http';

/** Where a response stands in the list: on itself, so that taking it out needs no search. */
const place = Symbol('place');

interface Placed extends ServerResponse {
  [place]?: number;
}

/** @internal Responses that are not closed yet. */
export interface Underway {
  readonly all: readonly ServerResponse[];
  add(response: ServerResponse): void;
}

/**
 * @internal Makes a list of what is being answered. It is no `Set`: those are made anew with every few hundred changes, and each points
 * to the one after it, so that an old one that waits to be collected keeps alive what was being answered ever since.
 */
export function createUnderway(): Underway {
  const all: Placed[] = [];
  // One function for all of them.
  const remove = function (this: Placed): void {
    const last = all.pop()!;
    if (last === this) return;
    last[place] = this[place]!;
    all[last[place]] = last;
  };
  return {
    all,
    add: (response: Placed) => {
      response[place] = all.push(response) - 1;
      response.on('close', remove);
    },
  };
}
