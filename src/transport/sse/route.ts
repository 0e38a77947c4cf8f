import { checkName, StreamError } from '../../chunk/index.js';

/** Where streams are found below a server's base address: the name follows, segment by segment. */
const streamsRoute = '/streams/';

/** Where else they are found: the name that proxies and older clients know. */
const aliasRoute = '/sse/';

/** Response header with the number of the first chunk that will come. */
export const seqHeader = 'sluice-seq';

/** Response header with the stream's life. */
export const lifeHeader = 'sluice-life';
/** Query parameter with the same, of a reader that goes on with a stream. */
export const lifeQuery = 'life';

/** Response header that announces a snapshot before them. */
export const snapshotHeader = 'sluice-snapshot';

/**
 * The path of a stream.
 *
 * @throws {@link StreamError} `name-invalid`
 *
 * @example
 * streamPath('books/moby dick'); // '/streams/books/moby%20dick'
 */
export function streamPath(streamId: string): string {
  return streamsRoute + checkName(streamId).split('/').map(encodeURIComponent).join('/');
}

/**
 * The stream a request asks for, or `undefined` when its path is below neither `/streams/` nor `/sse/`.
 *
 * @param url - path and query, as a request line has them
 * @throws {@link StreamError} `name-invalid`
 */
export function streamOfUrl(url: string): string | undefined {
  const [path = ''] = url.split('?', 1);
  const route = [streamsRoute, aliasRoute].find((prefix) => path.startsWith(prefix));
  if (route === undefined) return undefined;
  return checkName(path.slice(route.length).split('/').map(decodeSegment).join('/'));
}

/** Whether a path is that of a stream's events. */
export function isStreamPath(path: string): boolean {
  return path.startsWith(streamsRoute) || path.startsWith(aliasRoute);
}

function decodeSegment(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch (cause) {
    const message = 'stream name must be percent-encoded UTF-8';
    throw new StreamError('name-invalid', message, { field: 'stream', cause });
  }
}
