import type { RedisCaller } from './caller.js';
import type { RedisReply } from './client.js';
import type { RedisKeys } from './keys.js';

/** @internal One life of a name: a stream that was removed and made anew has another. */
export interface NamedLife {
  readonly streamId: string;
  readonly life: string;
}

/** Stands behind a name, where no name can hold it, and sorts before all that they can. */
const separator = '\u0000';
const page = 1000;

/**
 * @internal The names of all streams, in one sorted set, so that those below a path are found without looking at the rest.
 * It stands in a slot of its own, which no script can change together with a stream. So every life of a name has an entry of
 * its own: one that is found to be over is struck out, and that touches no other.
 */
export class StreamNames {
  constructor(
    private readonly caller: RedisCaller,
    private readonly keys: RedisKeys,
  ) {}

  async add(named: NamedLife): Promise<void> {
    await this.caller.send(this.keys.names, ['ZADD', this.keys.names, '0', entryOf(named)]);
  }

  async remove(gone: readonly NamedLife[]): Promise<void> {
    if (gone.length === 0) return;
    const entries = gone.map(entryOf);
    await Promise.all(
      [this.keys.names, this.keys.expiry].map((key) => this.caller.send(key, ['ZREM', key, ...entries])),
    );
  }

  /** A stream has ended, and will be removed. */
  async expires(named: NamedLife, at: string): Promise<void> {
    await this.caller.send(this.keys.expiry, ['ZADD', this.keys.expiry, at, entryOf(named)]);
  }

  /** Strikes out some of those whose time is over: called for every stream that is created, it keeps the set small. */
  async sweep(now: string): Promise<void> {
    const { expiry } = this.keys;
    const over = await this.caller.send(expiry, ['ZRANGEBYSCORE', expiry, '-inf', now, 'LIMIT', '0', '10']);
    await this.remove(entriesOf(over));
  }

  /** Every life of every name at and below a path. */
  async find(prefix: string): Promise<readonly NamedLife[]> {
    if (prefix === '') return await this.between('-', '+');
    const below = prefix.endsWith('/') ? prefix : `${prefix}/`;
    const itself = below === prefix ? [] : await this.between(`[${prefix}${separator}`, `(${prefix}\u0001`);
    // A zero follows the slash.
    return [...itself, ...(await this.between(`[${below}`, `(${below.slice(0, -1)}0`))];
  }

  private async between(min: string, max: string): Promise<readonly NamedLife[]> {
    const { names } = this.keys;
    const found: NamedLife[] = [];
    for (let start = min; ;) {
      const command = ['ZRANGEBYLEX', names, start, max, 'LIMIT', '0', `${page}`];
      const entries = entriesOf(await this.caller.send(names, command));
      found.push(...entries);
      if (entries.length < page) return found;
      start = `(${entryOf(entries.at(-1)!)}`;
    }
  }
}

function entryOf({ streamId, life }: NamedLife): string {
  return streamId + separator + life;
}

function entriesOf(reply: RedisReply): readonly NamedLife[] {
  return (reply as readonly Buffer[]).map((entry) => {
    const [streamId = '', life = ''] = entry.toString().split(separator);
    return { streamId, life };
  });
}
