import type * as z from 'zod';
import type { ChunkBody, EncodedChunk } from '../chunk/index.js';
import type { clientFrames, serverFrames } from './frame-schemas.js';

/** WebSocket subprotocol that PROTOCOL.md describes. */
export const subprotocol = 'sluice.v1';

/** Longest token of an `auth` frame, in characters. */
export const maxToken = 8192;

/** Most frames behind an `auth` frame in its message that wait until it is known who the client is. */
export const maxBehindAuth = 256;

type Infer<S> = S extends z.ZodType<infer T> ? Readonly<T> : never;
type OneOf<S extends Record<string, z.ZodType>> = Infer<S[keyof S]>;

type Carrier = 'publish' | 'data' | 'subscribed';

/** A frame with its chunks: bodies on the way in, encoded ones on the way out. */
type WithChunks<F, C> = Omit<F, 'chunks'> & { readonly chunks: readonly C[] };

/** Chunks for one stream, from a producer. */
export type PublishFrame<C = ChunkBody> = WithChunks<Infer<typeof clientFrames.publish>, C>;
/** A run of chunks of one stream, numbered from `seq` on. */
export type DataFrame<C = ChunkBody> = WithChunks<Infer<typeof serverFrames.data>, C>;

/** The answer to `subscribe`, perhaps with a snapshot. */
export type SubscribedFrame<C = ChunkBody> = Omit<Infer<typeof serverFrames.subscribed>, 'chunks'> &
  Partial<Pick<WithChunks<object, C>, 'chunks'>>;

/** What a client sends, by `t`. `C`: {@link ChunkBody} as decoded, {@link EncodedChunk} as sent. */
export type ClientFrame<C = ChunkBody> = Exclude<OneOf<typeof clientFrames>, { t: Carrier }> | PublishFrame<C>;
/** What a server sends, by `t`. */
export type ServerFrame<C = ChunkBody> =
  | Exclude<OneOf<typeof serverFrames>, { t: Carrier }>
  | DataFrame<C>
  | SubscribedFrame<C>;
/** Any frame on its way out. */
export type OutgoingFrame = ClientFrame<EncodedChunk> | ServerFrame<EncodedChunk>;

/** One frame of a kind. */
export type FrameOf<F extends { t: string }, T extends F['t']> = Extract<F, { t: T }>;
