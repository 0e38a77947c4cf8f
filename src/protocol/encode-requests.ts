import { utf8Length } from '../chunk/index.js';
import type { ClientFrame } from './frame.js';

/** What one who only reads sends: frames without chunks. */
export type RequestFrame = Exclude<ClientFrame, { t: 'publish' }>;

/** Bytes of a record's two lengths in a binary message. */
export const recordHeader = 8;

/** Encodes what one who only reads says, as one message: no frame of it carries chunks. */
export function encodeRequests(frames: readonly RequestFrame[]): string {
  return frames.map((frame) => JSON.stringify(frame)).join('\n');
}

/** Bytes a frame without chunks takes in a message, at most. */
export function requestBytes(frame: object): number {
  return recordHeader + utf8Length(JSON.stringify(frame));
}
