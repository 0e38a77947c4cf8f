import { once } from 'node:events';
import {
  type ClientHttp2Session,
  connect,
  constants,
  createServer,
  type Http2Server,
  type Http2ServerResponse,
} from 'node:http2';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { boundBody } from '../../src/node/bound-body.js';

let server: Http2Server;
let session: ClientHttp2Session;

/** A server that answers as it is told, and reads nothing of what it is sent unless `reads`. */
async function start(answer: (response: Http2ServerResponse) => void, withinMs: number, reads = true): Promise<void> {
  server = createServer((request, response) => {
    boundBody(request, response, withinMs);
    if (reads) request.resume();
    answer(response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  session = connect(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
}

afterEach(async () => {
  vi.useRealTimers();
  // Node hangs where a connection is destroyed while it tells that a stream of it was closed.
  await new Promise((resolve) => setImmediate(resolve));
  session.destroy();
  await new Promise((resolve) => server.close(resolve));
});

function send(headers: object = {}) {
  const stream = session.request({ ':method': 'POST', ':path': '/', ...headers });
  stream.on('error', () => {}).write('{');
  return stream;
}

const nothing = (): void => {};

describe('boundBody', () => {
  it('answers 408 where a body does not come to its end in time, and takes no more of it', async () => {
    await start(nothing, 20);
    const stream = send();
    const [headers] = (await once(stream, 'response')) as [{ ':status': number }];
    expect(headers[':status']).toBe(408);
    await once(stream.resume(), 'close');
    expect(stream.rstCode).toBe(constants.NGHTTP2_NO_ERROR);
  });

  it('breaks off an answer that has begun', async () => {
    await start((response) => void response.writeHead(200).write('a'), 20, false);
    const stream = send().resume();
    await once(stream, 'close');
    expect(stream.rstCode).toBe(constants.NGHTTP2_CANCEL);
  });

  it('lets go on what has come in time, and what goes on sending as calls do', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    let ended!: () => void;
    const here = new Promise<void>((resolve) => (ended = resolve));
    await start((response) => {
      response.req.once('end', ended);
      response.writeHead(200).write('a');
    }, 20);
    const whole = send();
    whole.end('}');
    await here;
    const [call, late] = [send({ 'content-type': 'application/grpc+proto' }), send()];
    // Who comes behind them on the connection is answered when they are there.
    await once(session.request({ ':path': '/' }).end(), 'response');
    vi.advanceTimersByTime(20);
    await once(late, 'close');
    expect([whole.closed, call.closed]).toEqual([false, false]);
  });
});
