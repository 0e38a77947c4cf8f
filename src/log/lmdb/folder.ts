import { closeSync, fsyncSync, openSync, readSync, statfsSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { type Database, open, type RootDatabase, type RootDatabaseOptions } from 'lmdb';
import { type EncodedChunk, StreamError, toStreamError } from '../../chunk/index.js';
import { readChunk } from '../chunk-record.js';
import { makeFolder } from './make-folder.js';
import { chunkKey, kinds, stateKey } from './records.js';

/** @internal A folder with a log in it, open for this process alone. */
export interface Folder {
  readonly chunks: Database<EncodedChunk | Buffer, Buffer>;
  readonly states: Database<unknown, Buffer>;
  /** Chunks of a stream, from one number up to another: the first, and more as long as all have no more than so many bytes. */
  read(stream: number, from: number, to: number, maxBytes: number): EncodedChunk[];
  /** Commits all that `work` puts and removes, or nothing. Resolves when it is on disk. `work` must not throw. */
  write(work: () => void): Promise<void>;
  close(): Promise<void>;
}

/** Version of what {@link openFolder} reads and writes. */
const version = 'sluice log 2';
/** What it reads as well; written anew it is of this version. */
const earlier = 'sluice log 1';

const binaryKeys = { keyEncoding: 'binary' } as const;
// A promise of LMDB is to mean that the disk has it. Else it means that other processes see it.
const options = {
  ...binaryKeys,
  encoding: 'binary',
  noSubdir: false,
  overlappingSync: false,
  eventTurnBatching: false,
} as const;

/**
 * @internal Opens a folder, or makes it. Rejects with `log-unavailable` when it cannot be made, read or written, `log-in-use`
 * when it is open already, here or in another process, `log-incompatible` when something else is in it or it is damaged.
 */
export async function openFolder(path: string): Promise<Folder> {
  const root = openRoot(path);
  try {
    claim(root, path);
    checkWhole(root, path);
    checkOurs(root, path);
    // The one that makes the folder ours comes first: the process may end between them.
    const states = root.openDB<unknown, Buffer>({ name: 'states', ...binaryKeys, encoding: 'json' });
    const chunks = root.openDB<EncodedChunk | Buffer, Buffer>(chunksOptions);
    await checkVersion(states, path);
    return new OpenFolder(path, root, chunks, states);
  } catch (error) {
    await root.close();
    throw toStreamError(error, 'log-unavailable');
  }
}

/** Chunks are written before they are handed to LMDB, because what they hold may change, and read without a copy between. */
const chunksOptions: RootDatabaseOptions & { name: string } = {
  ...binaryKeys,
  name: 'chunks',
  encoder: { encode: (record: Buffer): Buffer => record, decode: readChunk },
};

function openRoot(path: string): RootDatabase<Buffer, Buffer> {
  try {
    makeFolder(path);
  } catch (error) {
    throw unavailable(`the folder "${path}" cannot be made`, error);
  }
  try {
    checkHead(path);
    return open<Buffer, Buffer>({ path, ...options });
  } catch (error) {
    const unreadable = /MDB_(?:INVALID|VERSION_MISMATCH|CORRUPTED)/.test((error as Error).message);
    throw unreadable ? damaged(path, error) : unavailable(`the folder "${path}" cannot be opened`, error);
  }
}

/** LMDB's own mark, within the first bytes of its file. */
const mark = Buffer.from([0xde, 0xc0, 0xef, 0xbe]);

/** LMDB ends the process when the file is not its own. */
function checkHead(path: string): void {
  const head = Buffer.alloc(32);
  let file;
  try {
    file = openSync(join(path, 'data.mdb'), 'r');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return;
    throw error;
  }
  try {
    if (readSync(file, head) > 0 && !head.includes(mark)) throw damaged(path);
  } finally {
    closeSync(file);
  }
}

/**
 * LMDB lets several processes in, but what this log holds in memory would not hear of what another does. Every process that
 * has read stands in a list from which the system strikes it when it ends, however it ends: we must be the only one there.
 */
function claim(root: RootDatabase<Buffer, Buffer>, path: string): void {
  root.get(stateKey(0, kinds.version));
  const readers = root.readerList().trim().split('\n').length - 1;
  if (readers > 1) throw new StreamError('log-in-use', `the folder "${path}" is open already, here or elsewhere`);
}

/** A file that was cut short would end the process as soon as what is missing is read. */
function checkWhole(root: RootDatabase<Buffer, Buffer>, path: string): void {
  const { lastPageNumber, pageSize, lastTxnId } = root.getStats() as Record<string, number>;
  if (lastTxnId! > 0 && statSync(join(path, 'data.mdb')).size < (lastPageNumber! + 1) * pageSize!) throw damaged(path);
}

/** A database that is not ours has something in it, and none of what ours has. */
function checkOurs(root: RootDatabase<Buffer, Buffer>, path: string): void {
  const { entryCount } = root.getStats() as Record<string, number>;
  if (entryCount === 0 || root.doesExist(Buffer.from('states\0'))) return;
  throw damaged(path);
}

async function checkVersion(states: Database<unknown, Buffer>, path: string): Promise<void> {
  const key = stateKey(0, kinds.version);
  const found = states.get(key);
  if (found === version) return;
  if (found !== undefined && found !== earlier) {
    const message = `the folder "${path}" was written by another version: it holds "${found}", this is "${version}"`;
    throw new StreamError('log-incompatible', message);
  }
  await states.put(key, version).catch((error: unknown) => failWrite(path, error));
  for (const folder of [path, dirname(path)]) syncEntries(folder);
}

/** A file that is on disk is lost all the same when the folder that names it is not. */
function syncEntries(path: string): void {
  let folder;
  try {
    folder = openSync(path, 'r');
  } catch {
    // Windows has no such thing and does it by itself; elsewhere a folder may be one to enter but not to look into.
    return;
  }
  try {
    fsyncSync(folder);
  } finally {
    closeSync(folder);
  }
}

function damaged(path: string, cause?: unknown): StreamError {
  return new StreamError('log-incompatible', `what is in the folder "${path}" is damaged, or is no log`, { cause });
}

function unavailable(message: string, cause: unknown): StreamError {
  if (cause instanceof StreamError) return cause;
  return new StreamError('log-unavailable', `${message}: ${(cause as Error).message}`, { cause });
}

class OpenFolder implements Folder {
  constructor(
    private readonly path: string,
    private readonly root: RootDatabase<Buffer, Buffer>,
    readonly chunks: Database<EncodedChunk | Buffer, Buffer>,
    readonly states: Database<unknown, Buffer>,
  ) {}

  read(stream: number, from: number, to: number, maxBytes: number): EncodedChunk[] {
    const chunks: EncodedChunk[] = [];
    if (from >= to) return chunks;
    const range = { start: chunkKey(stream, from), end: chunkKey(stream, to) };
    let bytes = 0;
    for (const { value } of this.chunks.getRange(range)) {
      const chunk = value as EncodedChunk;
      bytes += chunk.length;
      if (bytes > maxBytes && chunks.length > 0) break;
      chunks.push(chunk);
    }
    return chunks;
  }

  async write(work: () => void): Promise<void> {
    await this.root.batch(work).catch((error: unknown) => failWrite(this.path, error));
  }

  async close(): Promise<void> {
    await this.root.close();
  }
}

/** LMDB rejects with an error that says where to find the right one. */
async function failWrite(path: string, thrown: unknown): Promise<never> {
  const cause: unknown = await Promise.resolve((thrown as { commitError?: Promise<never> }).commitError).then(
    () => thrown,
    (error: unknown) => error,
  );
  if (isFull(path)) throw new StreamError('log-full', `the disk of the folder "${path}" is full`, { cause });
  throw unavailable(`the folder "${path}" cannot be written`, cause);
}

/** With less room than this a disk counts as full. */
const leastRoom = 1 << 24;

/** A full disk takes a part of what is written, which LMDB calls an input/output error: so the disk is asked. */
function isFull(path: string): boolean {
  try {
    const { bavail, bsize } = statfsSync(path);
    return bavail * bsize < leastRoom;
  } catch {
    return false;
  }
}
