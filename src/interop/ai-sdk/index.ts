/**
 * The AI SDK: UI message streams, written and read; chats that outlive their readers; and the transport of `useChat` to them.
 *
 * @module
 */
export * from './chat.js';
export type { ChatAnswer } from './chat-run.js';
export * from './chat-transport.js';
export * from './from-ui-message.js';
export * from './to-ui-message.js';
export * from './ui-chunk.js';
export * from './write-ui-chunk.js';
