import * as z from 'zod';
import { checkName, createChunk, decodeChunk, StreamError } from '../../chunk/index.js';
import type { Streams } from '../../streams/index.js';

/** A run of a chat: one answer. */
const entrySchema = z.object({ run: z.string().regex(/^[\w-]{1,128}$/), stopped: z.boolean() });

/** Bytes of an entry, with room to spare. */
const entryBytes = 4096;

/**
 * Which runs a chat has had, kept in a stream of its own beside them, `chats/ID`: the last entry names the run that counts. The
 * answer itself is in `chats/ID/RUN`.
 *
 * @internal
 */
export class ChatBook {
  constructor(
    private readonly streams: Streams,
    private readonly prefix: string,
  ) {
    checkName(prefix);
  }

  /** The stream of a chat's entries. @throws StreamError `name-invalid` when the id cannot be part of a name */
  nameOf(chatId: string): string {
    // An id is one segment, whatever is in it: chats do not lie within each other.
    if (!chatId.isWellFormed())
      throw new StreamError('name-invalid', 'the id of a chat must not hold a lone surrogate');
    return checkName(`${this.prefix}/${encodeURIComponent(chatId)}`);
  }

  /** The stream of a run. */
  streamOf(chatId: string, run: string): string {
    return checkName(`${this.nameOf(chatId)}/${run}`);
  }

  /** From now on this run counts. */
  async enter(chatId: string, run: string): Promise<void> {
    await this.write(chatId, { run, stopped: false });
  }

  /** The run that counts; none when there has been none. */
  async latest(chatId: string): Promise<string | undefined> {
    const name = this.nameOf(chatId);
    const { log } = this.streams;
    const info = await log.info(name);
    if (info === undefined || info.next === 0) return undefined;
    const at = info.next - 1;
    const { chunks } = await log.read(name, at, { chunks: 1, bytes: entryBytes });
    const [chunk] = chunks;
    return chunk === undefined ? undefined : entrySchema.parse(decodeChunk(name, at, chunk).data).run;
  }

  /** Ends the run that counts, for all who read it, and says so to whoever produces it. */
  async stop(chatId: string, reason: string | undefined): Promise<boolean> {
    const run = await this.latest(chatId);
    if (run === undefined) return false;
    const streamId = this.streamOf(chatId, run);
    const info = await this.streams.info(streamId);
    if (info?.status !== 'active') return false;
    await this.streams.cancel(streamId, reason);
    await this.write(chatId, { run, stopped: true });
    return true;
  }

  private async write(chatId: string, data: z.infer<typeof entrySchema>): Promise<void> {
    const streamId = this.nameOf(chatId);
    await this.streams.publish(streamId, [createChunk({ streamId, seq: 0, data })]);
  }
}
