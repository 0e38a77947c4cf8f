import { once } from 'node:events';
import { connect } from 'node:net';

/** Frames of RFC 9113, section 6, by their numbers. */
export const frameTypes = { data: 0, headers: 1, reset: 3, settings: 4, ping: 6, goaway: 7, continuation: 9 } as const;
const [endStream, endHeaders] = [1, 4];

/** One frame, as it stands on the wire. */
export function frameOf(type: keyof typeof frameTypes, flags: number, stream: number, payload: Uint8Array): Buffer {
  const head = Buffer.alloc(9);
  head.writeUIntBE(payload.length, 0, 3);
  head[3] = frameTypes[type];
  head[4] = flags;
  head.writeUInt32BE(stream, 5);
  return Buffer.concat([head, payload]);
}

/** `GET / HTTP/2` of `http://localhost`, in HPACK. */
const get = Buffer.concat([Buffer.from([0x82, 0x86, 0x84, 0x41, 9]), Buffer.from('localhost')]);
const cancel = Buffer.from([0, 0, 0, 8]);

/** Requests `first` up to, not including, `first + count`, each taken back at once. */
export function takenBack(first: number, count: number): Buffer {
  return forEach(first, count, (stream) => Buffer.concat([begun(stream), left(stream)]));
}

/** Requests that are begun. */
export function asked(first: number, count: number): Buffer {
  return forEach(first, count, begun);
}

/** Requests that are taken back. */
export function leftAgain(first: number, count: number): Buffer {
  return forEach(first, count, left);
}

const begun = (stream: number): Buffer => frameOf('headers', endStream | endHeaders, stream, get);
const left = (stream: number): Buffer => frameOf('reset', 0, stream, cancel);

function forEach(first: number, count: number, frames: (stream: number) => Buffer): Buffer {
  return Buffer.concat(Array.from({ length: count }, (_, n) => frames(2 * (first + n) - 1)));
}

/** Somebody who writes frames of HTTP/2 as he likes, without TLS. */
export async function speakHttp2({ port }: { readonly port: number }) {
  const socket = connect(port, '127.0.0.1');
  const parts: Buffer[] = [];
  socket.on('error', () => {}).on('data', (part) => parts.push(part));
  const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()));
  await once(socket, 'connect');
  socket.write(
    Buffer.concat([Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'), frameOf('settings', 0, 0, Buffer.alloc(0))]),
  );
  return {
    write: (bytes: Uint8Array) => void socket.write(bytes),
    end: () => void socket.destroy(),
    closed,
    /** Error codes of the frames that said it was over. */
    goaways: () => {
      const said = Buffer.concat(parts);
      const codes: number[] = [];
      for (let at = 0; at + 9 <= said.length; at += 9 + said.readUIntBE(at, 3)) {
        if (said[at + 3] === frameTypes.goaway) codes.push(said.readUInt32BE(at + 13));
      }
      return codes;
    },
  };
}
