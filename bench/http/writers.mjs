import { Agent, request } from 'node:http';
import { closedLoops, producers } from '../logs/load.mjs';

const agent = new Agent({ keepAlive: true, maxSockets: producers });
const body = Buffer.from('x'.repeat(200));
let base;

function send(method, stream, content) {
  return new Promise((resolve, reject) => {
    const headers = {
      'content-type': 'text/plain',
      ...(content === undefined ? {} : { 'content-length': content.length }),
    };
    const sent = request({ ...base, agent, method, path: `/v1/stream/bench-${stream}`, headers }, (response) => {
      response.resume().on('end', () => {
        if (response.statusCode >= 200 && response.statusCode < 300) resolve();
        else reject(new Error(`${method}: ${response.statusCode}`));
      });
    });
    sent.on('error', reject).end(content);
  });
}

export async function create(port) {
  base = { host: '127.0.0.1', port };
  for (let stream = 0; stream < producers; stream++) await send('PUT', stream);
}

export async function append() {
  let all = 0;
  const figures = await closedLoops(async (producer) => {
    await send('POST', producer, body);
    all++;
  });
  return { ...figures, all };
}
