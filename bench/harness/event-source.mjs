import { Agent, get } from 'node:http';

const agent = new Agent({ keepAlive: false, maxSockets: Infinity });

/** Opens an event stream and answers the response. */
export function openEvents(port, path) {
  return new Promise((resolve, reject) => {
    get({ host: '127.0.0.1', port, path, agent }, resolve).on('error', reject);
  });
}

/** Reads an event stream as simply as can be: `got` is handed the data of every event that has some, parsed. */
export function readEvents(response, got) {
  let rest = '';
  response.setEncoding('utf8');
  response.on('data', (text) => {
    const events = (rest + text).split('\n\n');
    rest = events.pop();
    for (const event of events) {
      const at = event.startsWith('data: ') ? 0 : event.indexOf('\ndata: ') + 1;
      if (at > 0 || event.startsWith('data: ')) got(JSON.parse(event.slice(at + 6)));
    }
  });
}
