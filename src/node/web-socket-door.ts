import { WebSocketServer } from 'ws';
import type { Gateway } from '../gateway/index.js';
import { createWebSocketAcceptor, type WebSocketAcceptorOptions } from '../transport/websocket/server.js';
import type { Door } from './door.js';
import { principalOf } from './guard.js';
import { RequestError } from './request-error.js';
import { refuseUpgrade } from './send-json.js';

/** @internal The door for WebSockets of the protocol: on every path that is no other door's. */
export function webSocketDoor(gateway: Gateway, options: WebSocketAcceptorOptions): Door {
  const acceptor = createWebSocketAcceptor(gateway, options);
  const sockets = new WebSocketServer({ ...acceptor.serverOptions, noServer: true });
  sockets.on('wsClientError', (error, socket) => {
    options.refusals?.count('request');
    refuseUpgrade(socket, new RequestError(400, 'frame-malformed', `this is no handshake: ${error.message}`));
  });
  return {
    handle: () => false,
    upgrade: (request, socket, head) => {
      sockets.handleUpgrade(request, socket, head, (accepted) =>
        acceptor.connection(accepted, request, principalOf(request)),
      );
      return true;
    },
    dispose: () => sockets.close(),
    abort: () => {
      // Node forgets a connection once it is a WebSocket's, and `ws` gives a peer that does not answer 30 s.
      for (const socket of sockets.clients) socket.terminate();
    },
  };
}
