import { constants, type Http2ServerRequest, type Http2ServerResponse } from 'node:http2';

/** Calls may send for as long as they last, and end with what comes behind their answer. */
const calls = /^application\/(?:grpc|connect)/;

/**
 * @internal Bounds what is sent over HTTP/2 as `node:http` does over HTTP/1.1: a body has a time within which it comes to its end, and
 * who has his answer sends no more of it.
 *
 * @param refused - told of who did not come to an end
 */
export function boundBody(
  request: Http2ServerRequest,
  response: Http2ServerResponse,
  withinMs: number,
  refused: () => void = () => {},
): void {
  const { stream, headers } = request;
  if (stream.endAfterHeaders || calls.test(headers['content-type'] ?? '')) return;
  const late = (): void => {
    refused();
    if (response.headersSent) stream.close(constants.NGHTTP2_CANCEL);
    else response.writeHead(408).end();
  };
  let timer = setTimeout(late, withinMs);
  const over = (): void => clearTimeout(timer);
  request.once('end', over);
  stream.once('close', over);
  stream.once('finish', () => {
    over();
    // RFC 9113, section 8.1: the answer is whole, and this is no error.
    if (!request.complete) timer = setTimeout(() => stream.close(constants.NGHTTP2_NO_ERROR), graceMs);
  });
}

/** How long an answer may take to be read before nothing more is taken, in milliseconds: some clients forget it when they are told that. */
const graceMs = 1000;
