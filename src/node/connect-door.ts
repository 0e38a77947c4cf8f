import { StreamError } from '../chunk/index.js';
import type { Gateway } from '../gateway/index.js';
import type { ConnectHandlerOptions } from '../transport/connect/server.js';
import type { Door } from './door.js';
import { principalOf } from './guard.js';

/**
 * @internal Loads what the door for gRPC, gRPC-Web and Connect needs, and nobody needs who does not want it.
 *
 * @throws {@link StreamError} `config-invalid` where the packages are not installed
 */
export async function loadConnectDoor(): Promise<(gateway: Gateway, options: ConnectHandlerOptions) => Door> {
  try {
    const { connectHandler } = await import('../transport/connect/server.js');
    return (gateway, options) => {
      const handle = connectHandler(gateway, options);
      return { handle: (request, response) => handle(request, response, principalOf(request)) };
    };
  } catch (cause) {
    const needs = '@connectrpc/connect @connectrpc/connect-node @bufbuild/protobuf';
    throw new StreamError('config-invalid', `connect needs packages: npm install ${needs}`, {
      field: 'connect',
      cause,
    });
  }
}
