import type { Log } from '../log/log.js';
import { deletion, forkBook, type ForkEntry, type ForkState } from './fork-book.js';
import { Ledger } from './ledger.js';

/** @internal Who was made of whom, for all who share a log: kept in a stream of its own. */
export class Forks {
  private readonly ledger: Ledger<ForkState, ForkEntry>;

  constructor(
    private readonly log: Log,
    now: () => number,
  ) {
    this.ledger = new Ledger(log, 'sluice/server/forks', forkBook, now);
  }

  /** Notes that a stream is being made of another. Answers whether the other is still there to be forked. */
  fork(name: string, of: string): Promise<boolean> {
    return this.ledger.enter<boolean>(({ origins, deleted }) => {
      if (deleted.has(of)) return { entries: [], result: false };
      const known = origins.get(name) === of;
      return { entries: known ? [] : [{ t: 'forked', name, of }], result: true };
    });
  }

  /** Notes that a stream is deleted, before it is. */
  deleted(name: string): Promise<void> {
    return this.ledger.enter((state) => ({ entries: deletion(state, name), result: undefined }));
  }

  /** Whether a stream that is not there was deleted while there were forks of it, and still are. */
  async isDeleted(name: string): Promise<boolean> {
    const { deleted } = await this.ledger.read();
    if (!deleted.has(name)) return false;
    await this.tidy(name);
    return (await this.ledger.read()).deleted.has(name);
  }

  /** Forks may have gone without a word: removed through another door, or with what the log forgets by itself. */
  private async tidy(name: string): Promise<void> {
    const state = await this.ledger.read();
    for (const fork of [...(state.forks.get(name) ?? [])]) {
      if (state.deleted.has(fork)) await this.tidy(fork);
      else if ((await this.log.info(fork)) === undefined) await this.deleted(fork);
    }
  }
}
