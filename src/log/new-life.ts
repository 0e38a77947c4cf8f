import { randomBytes } from 'node:crypto';

/** @internal A life that no other stream has: short, because it goes with every append, and by chance, because others make them, too. */
export function newLife(): string {
  return randomBytes(9).toString('base64url');
}
