// A reader of sluice.v1 with nothing but `ws`, written from PROTOCOL.md. Usage: plain-reader.mjs URL STREAM [FROM]
import { WebSocket } from 'ws';

const [url = 'http://127.0.0.1:4437', stream = 'books/moby-dick', start = '0'] = process.argv.slice(2);
const window = { chunks: 256, bytes: 1 << 20 };
let next = start === 'now' || start === 'beginning' ? start : Number(start);
let attempt = 0;

function open() {
  const socket = new WebSocket(url.replace(/^http/, 'ws'), 'sluice.v1');
  const total = { chunks: 0, bytes: 0 };
  let granted = window;
  const send = (frame) => socket.send(JSON.stringify(frame));

  const on = {
    welcome: ({ pingMs }) => {
      attempt = 0;
      send({ t: 'subscribe', stream, from: next, ...window });
      const timer = setInterval(() => send({ t: 'ping', grants: [] }), pingMs);
      socket.on('close', () => clearInterval(timer));
    },
    data: ({ ch, seq, chunks }) => {
      for (const { data, size } of chunks) {
        process.stdout.write(data);
        total.chunks++;
        total.bytes += size;
      }
      next = seq + chunks.length;
      const wanted = { chunks: total.chunks + window.chunks, bytes: total.bytes + window.bytes };
      if (wanted.chunks - granted.chunks < window.chunks / 2 && wanted.bytes - granted.bytes < window.bytes / 2) return;
      granted = wanted;
      send({ t: 'credit', ch, ...granted });
    },
    gap: ({ from, to }) => process.stderr.write(`chunks ${from} to ${to - 1} are no longer kept\n`),
    end: ({ status }) => {
      if (status !== 'completed') process.exitCode = 1;
      socket.close(1000);
    },
    error: ({ code, message }) => {
      process.stderr.write(`${message} (${code})\n`);
      process.exitCode = 1;
      socket.close(1000);
    },
  };

  socket.on('message', (message) => {
    for (const line of String(message).split('\n')) {
      const frame = JSON.parse(line);
      on[frame.t]?.(frame);
    }
  });
  socket.on('error', () => {});
  socket.on('close', (code) => {
    if (code === 1000) return;
    setTimeout(open, Math.random() * Math.min(30_000, 500 * 2 ** attempt++));
  });
}

process.stdout.on('error', () => process.exit());
open();
