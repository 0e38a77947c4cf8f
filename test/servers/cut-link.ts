import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

/** A way to a server on this machine that can be cut. */
export interface CutLink {
  readonly port: number;
  /** From now on what the server says does not arrive, until the link is cut; what it is told does. */
  mute(): void;
  /** From now on nothing arrives, at neither end, and nobody is told. */
  vanish(): void;
  /** Breaks all connections. New ones are whole. */
  cut(): void;
  /** Breaks all connections, and new ones as they come, until it is mended. */
  part(): void;
  mend(): void;
  dispose(): Promise<void>;
}

/** Lays a link to a port. */
export async function cutLink(port: number): Promise<CutLink> {
  const ways = new Set<readonly [near: Socket, far: Socket]>();
  let parted = false;
  const server = createServer((near) => {
    if (parted) return near.destroy();
    const far = connect(port, '127.0.0.1');
    const way = [near, far] as const;
    ways.add(way);
    for (const socket of way) {
      socket.on('error', () => {});
      socket.on('close', () => {
        ways.delete(way);
        for (const one of way) one.destroy();
      });
    }
    near.on('data', (data) => far.write(data));
    far.on('data', (data) => near.write(data));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const cut = (): void => {
    for (const [near] of ways) near.destroy();
  };
  return {
    port: (server.address() as AddressInfo).port,
    mute: () => {
      for (const [, far] of ways) far.removeAllListeners('data').resume();
    },
    vanish: () => {
      for (const way of ways) for (const socket of way) socket.removeAllListeners('data').pause();
    },
    cut,
    part: () => {
      parted = true;
      cut();
    },
    mend: () => (parted = false),
    dispose: async () => {
      server.close();
      cut();
      await once(server, 'close');
    },
  };
}
