/**
 * @internal A life for a stream that is the `number`th of its log: no other stream there has it, nor one of a log that was here before
 * and is forgotten.
 */
export function numberedLife(createdAt: number, number: number): string {
  return `${createdAt.toString(36)}-${number}`;
}
