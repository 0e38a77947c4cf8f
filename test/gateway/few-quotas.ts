import type { Held, Quotas, Spent } from '../../src/auth/quotas.js';

/** Quotas in the test's hand: so many of each, and what was used of them. */
export class FewQuotas implements Quotas {
  readonly held = new Map<string, number>();
  readonly spent: string[] = [];

  constructor(private readonly most: Partial<Record<Held | Spent, number>>) {}

  hold(key: string, what: Held): boolean | Promise<boolean> {
    const count = this.held.get(`${key} ${what}`) ?? 0;
    if (count >= (this.most[what] ?? Infinity)) return false;
    this.held.set(`${key} ${what}`, count + 1);
    return true;
  }

  release(key: string, what: Held): void {
    this.held.set(`${key} ${what}`, this.held.get(`${key} ${what}`)! - 1);
  }

  async spend(key: string, what: Spent, amount: number): Promise<number | undefined> {
    this.spent.push(`${key} ${what} ${amount}`);
    const left = (this.most[what] ?? Infinity) - amount;
    this.most[what] = left;
    return await Promise.resolve(left < 0 ? 500 : undefined);
  }
}
