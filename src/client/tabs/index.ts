/**
 * One connection for all tabs of a browser: one of them holds it, the others read through that one.
 *
 * @module
 */
export * from './tabs-transport.js';
export type { TabChannel, TabChannelClass, TabLocks } from './messages.js';
