/**
 * @internal Key of a chunk: the number of its stream, then its own, so that a stream lies together and in order. Streams have
 * numbers beside their names: those are short, and a stream that is made anew shares no chunk with the one it replaces.
 */
export function chunkKey(stream: number, seq: number): Buffer {
  const key = Buffer.allocUnsafe(12);
  key.writeUIntBE(stream, 0, 6);
  key.writeUIntBE(seq, 6, 6);
  return key;
}

/** @internal What is written of a stream beside its chunks, and of the log as stream 0. */
export const kinds = { version: 0, totals: 1, created: 2, standing: 3, producers: 4, removed: 5 } as const;

/** @internal One of {@link kinds}. */
export type Kind = (typeof kinds)[keyof typeof kinds];

/** @internal Key of what is written of a stream; some have several, told apart by an id. */
export function stateKey(stream: number, kind: Kind, id = ''): Buffer {
  const key = Buffer.allocUnsafe(7 + Buffer.byteLength(id));
  key.writeUIntBE(stream, 0, 6);
  key[6] = kind;
  key.write(id, 7);
  return key;
}

/** @internal Reads what {@link stateKey} wrote. */
export function readStateKey(key: Buffer): { readonly stream: number; readonly kind: number; readonly id: string } {
  return { stream: key.readUIntBE(0, 6), kind: key[6]!, id: key.toString('utf8', 7) };
}
