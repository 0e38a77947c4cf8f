import { setTimeout as sleep } from 'node:timers/promises';
import { clock } from '../harness/clock.mjs';
import { quantile } from '../harness/statistics.mjs';

const perSecond = 30;

/** How long tokens took, each of which is the time it was made at: the first of a stream apart from those behind it. */
class Times {
  first = [];
  later = [];

  /** Reads one stream. Pieces of text may be a part of a token, or several. */
  reader({ askedAt, countedFrom = 0 }) {
    let rest = '';
    let first = askedAt !== undefined;
    return (text) => {
      const lines = (rest + text).split('\n');
      rest = lines.pop();
      for (const at of lines.map(Number)) {
        if (first) this.first.push(clock() - askedAt);
        else if (at > countedFrom) this.later.push(clock() - at);
        first = false;
      }
    };
  }

  get count() {
    return this.first.length + this.later.length;
  }

  quantiles() {
    const ms = (values, q) => quantile(values, q) / 1000;
    return { first: ms(this.first, 0.5), p50: ms(this.later, 0.5), p99: ms(this.later, 0.99), count: this.count };
  }
}

const times = new Times();

/** One answer after the other on each of many streams at once: the first token is there when the answer is asked for. */
export async function answers(peer, { prefix, streams, seconds }) {
  const one = async (n) => {
    await sleep((1000 / perSecond) * (n / streams));
    const read = times.reader({ askedAt: clock() });
    await peer.produce(`${prefix}${n}`, tokens(seconds * perSecond), read);
  };
  await Promise.all(Array.from({ length: streams }, (_, n) => one(n)));
}

async function* tokens(count) {
  const begun = performance.now();
  for (let n = 0; n < count; n++) {
    await sleep(Math.max(0, begun + (n * 1000) / perSecond - performance.now()));
    yield `${clock()}\n`;
  }
}

/** Joins streams that are under way. What was made before or soon afterwards does not count. */
export async function join(peer, { prefix, streams }) {
  const read = () => times.reader({ countedFrom: clock() + 1e6 });
  await Promise.all(Array.from({ length: streams }, (_, n) => peer.follow(`${prefix}${n}`, read())));
}

export const quantiles = () => times.quantiles();

/** Forgets what was measured so far. */
export function forget() {
  times.first = [];
  times.later = [];
}
