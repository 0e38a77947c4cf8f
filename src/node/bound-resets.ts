import { constants, type ServerHttp2Session, type ServerHttp2Stream } from 'node:http2';

/** Requests that a connection may take back in a while, and how long the while is, in milliseconds. */
const most = 500;
const whileMs = 10_000;
/** So soon after it began, in milliseconds: who has read for a while may leave, be it with all others behind the same proxy. */
const soonMs = 1000;

/**
 * @internal Bounds how many requests a connection of HTTP/2 begins and takes back at once (CVE-2023-44487): each costs us work, and
 * none of them counts among those that may be under way. Then the connection ends.
 *
 * @param refused - told of who is ended
 */
export function boundResets(session: ServerHttp2Session, refused: () => void, now: () => number = Date.now): void {
  let resets = 0;
  let until = 0;
  let over = false;
  const ended = (beganAt: number): void => {
    const time = now();
    if (over || session.destroyed || time - beganAt >= soonMs) return;
    if (time >= until) {
      resets = 0;
      until = time + whileMs;
    }
    if (++resets <= most) return;
    over = true;
    refused();
    // Node is in the midst of reading what came: ended now, it would break down over the rest.
    setImmediate(() => {
      if (session.destroyed) return;
      session.goaway(constants.NGHTTP2_ENHANCE_YOUR_CALM);
      session.destroy();
    });
  };
  session.on('stream', (stream: ServerHttp2Stream) => {
    const beganAt = now();
    // Also those that are answered before it is read that nobody wants the answer.
    stream.once('close', () => {
      if (stream.rstCode !== constants.NGHTTP2_NO_ERROR || !stream.writableFinished) ended(beganAt);
    });
  });
}
