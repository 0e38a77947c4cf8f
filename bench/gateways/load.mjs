// Streams in one Redis, each with readers.
export const streams = 20;
/** Chunks of one stream a second. */
export const perSecond = 10;

/** Name of a stream, by its number. */
export const nameOf = (stream) => `bench/${stream}`;
