import { open } from 'lmdb';
import { chunk, temporary } from './load.mjs';

/** What a chunk takes on disk, at least. */
export const value = Buffer.from(chunk.head);

/** Opens LMDB on a folder of its own. */
export function openRaw(options) {
  const { folder, remove } = temporary();
  const db = open({ path: folder, noSubdir: false, encoding: 'binary', keyEncoding: 'binary', ...options });
  const close = async () => {
    await db.close();
    remove();
  };
  return { db, close };
}

/** Key of a chunk: those of a stream lie together, in order. */
export function keyOf(stream, seq) {
  const key = Buffer.allocUnsafe(12);
  key.writeUIntBE(stream, 0, 6);
  key.writeUIntBE(seq, 6, 6);
  return key;
}
