/** What somebody may hold so many of at the same time. */
export type Held = 'connections' | 'subscriptions';

/** What somebody may use so much of in a while. */
export type Spent = 'requests' | 'frames' | 'chunks' | 'bytes' | 'streams' | 'readBytes' | 'guesses';

/** How much each principal may do. Whoever is not known is counted by where he comes from. */
export interface Quotas {
  /** Takes one more of something; answers whether there was one. What was taken is given back. Never rejects. */
  hold(key: string, what: Held): boolean | Promise<boolean>;
  /** Gives one back. */
  release(key: string, what: Held): void;
  /**
   * Uses up some of what there is. Answers `undefined` where there was enough, and otherwise after how many milliseconds there is
   * more: then nothing should be done. Where it rejects, a request fails; what goes on already goes on.
   */
  spend(key: string, what: Spent, amount: number): Promise<number | undefined>;
}
