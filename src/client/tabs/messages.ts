import type { EncodedChunk } from '../../chunk/index.js';
import type { ClientFrame, ServerFrame } from '../../protocol/index.js';

/** @internal What tabs say where all hear it: somebody has the connection now, or wants a link to whoever has it. */
export type LobbyMessage = { readonly leads: string } | { readonly opens: string };

/** @internal What a link says to the tab that leads. */
export type LinkMessage = { readonly frames: readonly ClientFrame<EncodedChunk>[] } | { readonly closed: true };

/** @internal What the tab that leads says to a link. */
export type LeaderMessage =
  | { readonly frames: readonly ServerFrame[] }
  | { readonly closed: { readonly code: number; readonly reason: string } };

/** What is needed of a `BroadcastChannel`. */
export interface TabChannel {
  onmessage: ((event: never) => void) | null;
  postMessage(message: unknown): void;
  close(): void;
}

/** A class of channels: all that have the same name hear each other, and none itself. */
export type TabChannelClass = new (name: string) => TabChannel;

/** What is needed of `navigator.locks`. */
export interface TabLocks {
  request(name: string, options: { readonly signal: AbortSignal }, callback: () => Promise<void>): Promise<unknown>;
}

/** @internal Hears what comes through a channel. */
export function listen<M>(channel: TabChannel, heard: (message: M) => void): void {
  channel.onmessage = ({ data }: { readonly data: M }) => heard(data);
}

/** @internal Says something to all that listen to a channel of this name. */
export function say<M>(channel: TabChannel, message: M): void {
  // eslint-disable-next-line unicorn/require-post-message-target-origin -- a channel has but one origin
  channel.postMessage(message);
}
